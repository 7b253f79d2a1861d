/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file status.h
 * What mod_status shows of the gateways: the audit chain's figures and the firewall's size. Nothing of any caller.
 */
#ifndef UAPI_HTTPD_STATUS_H
#define UAPI_HTTPD_STATUS_H

/** Register with mod_status, if it is there. */
void uapi_status_register(void);

#endif
