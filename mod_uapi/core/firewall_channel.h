/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file firewall_channel.h A text that comes in parts, for the scanners that read such texts themselves
 * (uapi.scanner-stream/1). What the patterns of all scanners find across parts is not looked for here (stream.h).
 *
 * Memory: the channel's pool, once. One thread at a time, not always the same.
 */
#ifndef UAPI_CORE_FIREWALL_CHANNEL_H
#define UAPI_CORE_FIREWALL_CHANNEL_H

#include "firewall.h"

typedef struct uapi_firewall_channel uapi_firewall_channel;

/** Is there a scanner that reads texts in parts, and anything to be found by it in that direction? */
int uapi_firewall_reads_parts(const uapi_firewall *firewall, uapi_direction direction);

/**
 * Begin. `*channel` is NULL if no scanner reads texts in parts in that direction: there is nothing to feed then. Fails
 * with internal.error if a scanner does. The firewall must outlive the channel; `call` need live only for this call.
 * Pool cleanup closes it.
 */
apr_status_t uapi_firewall_channel_open(uapi_firewall_channel **channel, const uapi_firewall *firewall,
                                        const uapi_call_info *call, apr_pool_t *pool, uapi_result *result);

/**
 * Judge the next part, which may be empty. `last`: there will be no further one. Findings are in `pool`, their ranges
 * in bytes since the channel was opened; `report->undecided` is how many bytes at the end of what has come depend on
 * what follows. Fails with internal.error if a scanner fails or breaks its contract; nothing more may be fed then.
 */
apr_status_t uapi_firewall_channel_feed(uapi_firewall_channel *channel, const uapi_call_info *call, const char *bytes,
                                        size_t length, int last, uapi_firewall_report *report, apr_pool_t *pool,
                                        uapi_result *result);

/** End it before its pool does. NULL is let be. */
void uapi_firewall_channel_close(uapi_firewall_channel *channel);

#endif
