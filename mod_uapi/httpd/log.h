/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file log.h
 * Log lines of the module: `LogLevel uapi:debug` works, and each warning and error has a number of its own, so that an
 * operator can search for it and for nothing else. t/90-drift.t keeps the numbers unique.
 */
#ifndef UAPI_HTTPD_LOG_H
#define UAPI_HTTPD_LOG_H

#include "httpd.h"
#include "http_config.h"
#include "http_log.h"

/* httpd finds the module by this symbol; all others of ours stay hidden. */
extern module AP_MODULE_DECLARE_DATA uapi_module __attribute__((visibility("default")));
APLOG_USE_MODULE(uapi);

/** UAPI_LOGNO(0101) "text" is "UAPI0101: text". */
#define UAPI_LOGNO(number) "UAPI" #number ": "

#endif
