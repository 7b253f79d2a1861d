/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file privilege.h
 * What a command does to who may do what: one function a way, 0 or the severity. The names are the rules'.
 */
#ifndef SCANNER_TOOL_ABUSE_PRIVILEGE_H
#define SCANNER_TOOL_ABUSE_PRIVILEGE_H

#include <stdint.h>

#include "command.h"

typedef uint32_t (*privilege_judge)(const command *self);

/* of a Unix machine (privilege_unix.c) */
uint32_t privilege_root_shell(const command *self);
uint32_t privilege_elevated(const command *self);
uint32_t privilege_setuid(const command *self);
uint32_t privilege_sudoers(const command *self);
uint32_t privilege_group(const command *self);
uint32_t privilege_preload(const command *self);
/* of containers, clusters, clouds and Windows (privilege_platform.c) */
uint32_t privilege_container(const command *self);
uint32_t privilege_cluster(const command *self);
uint32_t privilege_cloud(const command *self);
uint32_t privilege_credentials(const command *self);
uint32_t privilege_windows(const command *self);

#endif
