/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file pipeline.h
 * Runs the stages of a call in their order, in the hooks of httpd.
 */
#ifndef UAPI_HTTPD_PIPELINE_H
#define UAPI_HTTPD_PIPELINE_H

#include "httpd.h"

/** fixups hook, last of all: whatever else changes the request has done so. */
int uapi_pipeline_fixups(request_rec *r);

/** handler hook, first of all: answers refused calls; lets judged ones go on to mod_proxy; stops what was never judged. */
int uapi_pipeline_handler(request_rec *r);

#endif
