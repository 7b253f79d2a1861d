/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file host.h uapi-plugin-host: the program that an isolated plugin runs in (core/isolation.h starts it, and
 * core/isolation_wire.h is what the two say to each other). confine.c takes away what it could do harm with, main.c
 * loads the plugin and answers, streams.c keeps its texts that come in parts.
 *
 * One thread. Everything is done in the order of the requests. The plugin may start no threads, and no processes.
 */
#ifndef UAPI_HOST_HOST_H
#define UAPI_HOST_HOST_H

#include "core/isolation_wire.h"
#include "core/plugin_internal.h"

/* ---------------------------------------------------------------- confine.c */

/**
 * Before anything else: whatever it inherited beyond what it is given is closed; of root's rights none is kept; it dies
 * with the thread that started it. Returns 0 if any of it cannot be done.
 */
int uapi_host_settle(pid_t parent, unsigned user, unsigned group);

/**
 * Before the plugin's file is mapped: memory at most `memory` bytes more than now, no core, no files written, no
 * descriptors but few; nothing to be read but the system's libraries and the folder of the plugin, if the kernel has
 * Landlock; and a filter that lets through what memory, time and reading need, and nothing else. NULL, or what cannot be
 * done; errno says why.
 */
const char *uapi_host_confine(size_t memory, const char *plugin_path);

/** Once the plugin is created and started: nothing more can be opened. As above. */
const char *uapi_host_confine_further(void);

/* ---------------------------------------------------------------- streams.c */

/** Memory of the plugin's for a text in parts; NULL: there is no more, or, when found, no such stream. */
void *uapi_host_stream_add(uint64_t number, uint32_t state_size);
/** 0: there is none. `*state` may be NULL. */
int uapi_host_stream_find(uint64_t number, void **state);
void uapi_host_stream_remove(uint64_t number);

#endif
