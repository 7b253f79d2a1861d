# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# Where things go, as Debian's apache2 has them. DESTDIR= is put before every path.
#
#   /usr/lib/apache2/modules/mod_uapi.so
#   /usr/lib/uapi/plugins/*.so                one folder on every architecture: a plugin is named by its whole path
#   /usr/bin/uapictl, /usr/bin/uapi-plugin-check
#   /usr/lib/uapi/uapi-plugin-host            where the module and uapictl look for it, as seen from where they are
#   /usr/include/uapi/uapi_plugin.h           found by `pkg-config --cflags uapi-plugin`
#   /usr/share/pkgconfig/uapi-plugin.pc       nothing in it depends on the architecture
#   /usr/share/uapi/                          policies, schema, new-plugin
#   /usr/share/man/man<n>/
#   /etc/apache2/mods-available/uapi.load, uapi.conf       for a2enmod uapi
#   /var/lib/uapi                             registry and audit files, made by uapictl init

PREFIX ?= /usr
SYSCONFDIR ?= /etc/apache2
BINDIR ?= $(PREFIX)/bin
INCLUDEDIR ?= $(PREFIX)/include/uapi
PKGCONFIGDIR ?= $(PREFIX)/share/pkgconfig
DATADIR ?= $(PREFIX)/share/uapi
MANDIR ?= $(PREFIX)/share/man
PLUGINDIR ?= $(PREFIX)/lib/uapi/plugins
HOSTDIR ?= $(PREFIX)/lib/uapi

VERSION := $(shell sed -n 's/^\#define UAPI_ABI_MAJOR \([0-9]*\).*/\1/p' mod_uapi/include/uapi_plugin.h).$(shell \
    sed -n 's/^\#define UAPI_ABI_MINOR \([0-9]*\).*/\1/p' mod_uapi/include/uapi_plugin.h).0

to = $(DESTDIR)$(1)
fill_in = sed -e 's|@LIBEXECDIR@|$(LIBEXECDIR)|' -e 's|@PLUGINDIR@|$(PLUGINDIR)|' -e 's|@INCLUDEDIR@|$(INCLUDEDIR)|' \
    -e 's|@PREFIX@|$(PREFIX)|' -e 's|@VERSION@|$(VERSION)|' -e 's|@DATADIR@|$(DATADIR)|'
MAN_PAGES := $(sort $(wildcard docs/man/*.[1-9]))
SHIPPED_POLICIES := $(sort $(shell find policies -type f 2>/dev/null))

install: all
	$(INSTALL) -d $(call to,$(LIBEXECDIR)) $(call to,$(PLUGINDIR)) $(call to,$(HOSTDIR)) $(call to,$(BINDIR)) $(call to,$(INCLUDEDIR)) \
	    $(call to,$(PKGCONFIGDIR)) $(call to,$(DATADIR)) $(call to,$(SYSCONFDIR)/mods-available)
	$(if $(MODULE),$(INSTALL) -m 644 $(MODULE) $(call to,$(LIBEXECDIR)/mod_uapi.so))
	$(if $(UAPICTL),$(INSTALL) -m 755 $(UAPICTL) $(call to,$(BINDIR)/uapictl))
	$(if $(PLUGIN_CHECK),$(INSTALL) -m 755 $(PLUGIN_CHECK) $(call to,$(BINDIR)/uapi-plugin-check))
	$(if $(PLUGIN_HOST),$(INSTALL) -m 755 $(PLUGIN_HOST) $(call to,$(HOSTDIR)/uapi-plugin-host))
	$(INSTALL) -m 755 build/new-plugin $(call to,$(DATADIR)/new-plugin)
	$(if $(PLUGINS),$(INSTALL) -m 644 $(PLUGINS) $(call to,$(PLUGINDIR)/))
	$(INSTALL) -m 644 mod_uapi/include/uapi_plugin.h $(call to,$(INCLUDEDIR)/uapi_plugin.h)
	$(fill_in) build/packaging/uapi-plugin.pc.in >$(call to,$(PKGCONFIGDIR)/uapi-plugin.pc)
	$(fill_in) build/packaging/uapi.load >$(call to,$(SYSCONFDIR)/mods-available/uapi.load)
	$(fill_in) build/packaging/uapi.conf >$(call to,$(SYSCONFDIR)/mods-available/uapi.conf)
	$(foreach file,$(SHIPPED_POLICIES),$(INSTALL) -D -m 644 $(file) $(call to,$(DATADIR)/$(file)) &&) true
	$(foreach page,$(MAN_PAGES),$(INSTALL) -D -m 644 $(page) $(call to,$(MANDIR)/man$(patsubst .%,%,$(suffix $(page)))/$(notdir $(page))) &&) true
