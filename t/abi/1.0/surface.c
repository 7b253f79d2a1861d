/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Every type of the header, where debugging information keeps it: compiled with the frozen header and with today's, the two
 * are compared by abidiff.
 */
#include "uapi_plugin.h"

#define KEEP(TYPE)                       \
    UAPI_PLUGIN_EXPORT TYPE keep_##TYPE; \
    TYPE keep_##TYPE

KEEP(uapi_string);
KEEP(uapi_host);
KEEP(uapi_log_level);
KEEP(uapi_host_log_1);
KEEP(uapi_host_config_1);
KEEP(uapi_host_metrics_1);
KEEP(uapi_host_time_1);
KEEP(uapi_plugin_descriptor);
KEEP(uapi_plugin_entry_function);
KEEP(uapi_direction);
KEEP(uapi_call_info);
KEEP(uapi_text_view);
KEEP(uapi_text_flags);
KEEP(uapi_text);
KEEP(uapi_severity);
KEEP(uapi_default_action);
KEEP(uapi_rule);
KEEP(uapi_pattern_flags);
KEEP(uapi_pattern);
KEEP(uapi_candidate);
KEEP(uapi_finding);
KEEP(uapi_judgement);
KEEP(uapi_sink);
KEEP(uapi_scanner_1);
KEEP(uapi_fragment);
KEEP(uapi_scanner_stream_1);
