/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Names of ports, fixed in the build: no file of the machine is asked. */
#ifndef XS_RULE_SERVICES_H
#define XS_RULE_SERVICES_H

/* As xs_name_next() reads them; ssh, domain and http, which messages show, come first. */
extern const char xs_services[];

#endif
