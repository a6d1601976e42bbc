/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Certificates of hosts: the directories certs.d of containers' tools and of Docker.
 */
#ifndef REGISTRY_HTTP_TLS_H
#define REGISTRY_HTTP_TLS_H

#include "registry/http/http.h"

/* Find what is there for HOST (with its port where it has one) in DIRECTORY, or where that is NULL
 * in the first of the usual ones that has a directory of that name: ~/.config/containers/certs.d,
 * /etc/containers/certs.d, /etc/docker/certs.d. In it, files that end in .crt are authorities, and
 * NAME.cert with NAME.key is our own certificate. *FOUND: there is something. */
int strata_tls_find(const char *directory, const char *host, struct strata_http_tls *tls,
	bool *found, struct strata_error *error) STRATA_MUST_CHECK;

void strata_tls_release(struct strata_http_tls *tls);

#endif
