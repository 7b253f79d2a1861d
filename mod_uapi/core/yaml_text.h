/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file yaml_text.h
 * The characters of a YAML file, judged before they are parsed. For yaml.c only.
 */
#ifndef UAPI_CORE_YAML_TEXT_H
#define UAPI_CORE_YAML_TEXT_H

#include <stddef.h>

typedef struct uapi_yaml_fault {
    unsigned line, column; /* from 1 */
    const char *problem;   /* static */
} uapi_yaml_fault;

/** 1 if every character may stand in a policy file; 0 with the first that may not. */
int uapi_yaml_check_text(const char *text, size_t length, uapi_yaml_fault *fault);

#endif
