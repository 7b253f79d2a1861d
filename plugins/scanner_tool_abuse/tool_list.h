/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file tool_list.h
 * The tools that a text defines (MCP, tools/list), each against the others. Read once, when the text is through.
 */
#ifndef SCANNER_TOOL_ABUSE_TOOL_LIST_H
#define SCANNER_TOOL_ABUSE_TOOL_LIST_H

#include "rule.h"

/** Read the list and report what is in it. `instance` is the scanner's tables. */
void tool_list_judge(const void *instance, const uapi_string *text, const uapi_sink *sink);

#endif
