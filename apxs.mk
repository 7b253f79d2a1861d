# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# The build of mod_uapi: GNU make over `apxs -q` and pkg-config.
#
#   make -f apxs.mk                 module, plugins, uapictl               -> build/out/
#   make -f apxs.mk check           builds the tests too and runs them all with prove
#   make -f apxs.mk tests           builds everything that check runs
#   make -f apxs.mk units           builds the unit tests and the replays of the fuzz corpora only
#   make -f apxs.mk fuzz            libFuzzer binaries (clang); FUZZ_SECONDS=30 also runs each for that long
#   make -f apxs.mk lint            the tests of layering, format and drift
#   make -f apxs.mk tidy            clang-tidy over the sources
#   make -f apxs.mk bench           build/bench
#   make -f apxs.mk benches         the programs that build/bench runs
#   make -f apxs.mk install         DESTDIR= is honoured
#   make -f apxs.mk clean           removes build/out
#
# Variants, each in a folder of its own below build/out/:
#   SANITIZE=1   AddressSanitizer and UndefinedBehaviorSanitizer
#   COVERAGE=1   gcov instrumentation; the target `coverage` runs the unit tests and prints the lines covered
#   CC=clang     the other compiler
#
# OUT=<dir> builds elsewhere. A source file is found by its place (see the wildcards); nothing is listed by hand.

MAKEFLAGS += --no-builtin-rules
SHELL = /bin/sh
SELF := $(lastword $(MAKEFILE_LIST))
.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SUFFIXES:

# ------------------------------------------------------------------------------------------------- tools
APXS ?= apxs
PKG_CONFIG ?= pkg-config
PROVE ?= prove
PROVE_JOBS ?= 2
INSTALL ?= install
ifeq ($(origin CC),default)
CC := gcc
endif

apxs_query = $(shell $(APXS) -q $(1) 2>/dev/null)
HTTPD_INCLUDES := $(call apxs_query,exp_includedir)
LIBEXECDIR := $(call apxs_query,exp_libexecdir)
SBINDIR := $(call apxs_query,exp_sbindir)
HTTPD := $(SBINDIR)/$(call apxs_query,progname)
APR_CONFIG := $(or $(call apxs_query,APR_CONFIG),apr-1-config)
APU_CONFIG := $(or $(call apxs_query,APU_CONFIG),apu-1-config)

LIBRARIES := libcrypto libcurl libhs libpcre2-8 jansson sqlite3 yaml-0.1 zlib
HOST_LIBRARIES := libseccomp

ifneq ($(filter-out clean help,$(or $(MAKECMDGOALS),all)),)
ifeq ($(HTTPD_INCLUDES),)
$(error apxs is not there; run build/dependencies build (Debian: apache2-dev))
endif
MISSING := $(strip $(foreach library,$(LIBRARIES) $(HOST_LIBRARIES),$(shell $(PKG_CONFIG) --exists $(library) || echo $(library))))
ifneq ($(MISSING),)
$(error pkg-config does not know $(MISSING); run build/dependencies build)
endif
endif

# ----------------------------------------------------------------------------------------------- variant
OUT ?= build/out
empty :=
space := $(empty) $(empty)
VARIANT_PARTS := $(filter-out gcc,$(notdir $(CC))) $(if $(SANITIZE),sanitize) $(if $(COVERAGE),coverage) $(if $(FUZZING),fuzzing)
VARIANT := $(subst $(space),-,$(strip $(VARIANT_PARTS)))
V := $(OUT)/$(or $(VARIANT),default)
# The default variant's products are what people and tests use, so they lie on top.
P := $(if $(VARIANT),$(V),$(OUT))

# ------------------------------------------------------------------------------------------------- flags
WARNINGS := -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wformat=2 -Wvla
accepts = $(shell printf 'int main(void){return 0;}\n' | $(CC) -Werror $(1) -x c - -o /dev/null 2>/dev/null && echo $(1))

APR_CPPFLAGS := $(shell $(APR_CONFIG) --cppflags)
APR_INCLUDES := $(sort $(patsubst -I%,%,$(filter-out -I/usr/include,$(shell $(APR_CONFIG) --includes) $(shell $(APU_CONFIG) --includes))))
APR_LIBS := $(shell $(APU_CONFIG) --link-ld) $(shell $(APR_CONFIG) --link-ld)
LIB_CFLAGS := $(patsubst -I%,-isystem %,$(shell $(PKG_CONFIG) --cflags $(LIBRARIES) 2>/dev/null))
HOST_LIBS := $(shell $(PKG_CONFIG) --libs $(HOST_LIBRARIES) 2>/dev/null)
LIB_LIBS := $(shell $(PKG_CONFIG) --libs $(LIBRARIES) 2>/dev/null) -lunistring # has no pkg-config file

BASE_CFLAGS := -std=gnu11 -pipe -g $(WARNINGS) -fvisibility=hidden -fno-strict-aliasing -ffunction-sections -fdata-sections
BASE_LDFLAGS := -Wl,--as-needed -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack
UNDEFINED_REFUSED := -Wl,-z,defs
ifneq ($(SANITIZE)$(FUZZING),)
SANITIZERS := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
BASE_CFLAGS += -O1 $(SANITIZERS) $(if $(FUZZING),-fsanitize=fuzzer-no-link)
BASE_LDFLAGS += $(SANITIZERS)
# The sanitizers' symbols come with the program that loads the object.
UNDEFINED_REFUSED :=
else ifneq ($(COVERAGE),)
BASE_CFLAGS += -O0 --coverage
BASE_LDFLAGS += --coverage
UNDEFINED_REFUSED :=
else
BASE_CFLAGS += -O2 -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2 -fstack-protector-strong \
               $(call accepts,-fstack-clash-protection) $(call accepts,-fcf-protection)
BASE_LDFLAGS += -Wl,--gc-sections
endif

SOURCE_CPPFLAGS := -iquote mod_uapi $(APR_CPPFLAGS) $(addprefix -isystem ,$(APR_INCLUDES)) $(LIB_CFLAGS)
HTTPD_CPPFLAGS := -isystem $(HTTPD_INCLUDES)
TEST_CPPFLAGS := -iquote mod_uapi/core -iquote mod_uapi/store -iquote mod_uapi/include -DUAPI_TEST_OUT='"$(P)"'
PLUGIN_CPPFLAGS := -I mod_uapi/include
PLUGIN_CFLAGS := $(filter-out -std=%,$(BASE_CFLAGS)) -std=c11

ALL_CFLAGS = $(BASE_CFLAGS) $(CFLAGS)
ALL_LDFLAGS = $(BASE_LDFLAGS) $(LDFLAGS)

# ----------------------------------------------------------------------------------------------- sources
MODULE_SOURCES := $(sort $(wildcard mod_uapi/*.c mod_uapi/httpd/*.c))
CORE_SOURCES := $(sort $(wildcard mod_uapi/core/*.c mod_uapi/store/*.c))
CLI_SOURCES := $(sort $(wildcard mod_uapi/cli/*.c))
CHECK_SOURCES := $(sort $(wildcard mod_uapi/check/*.c))
HOST_SOURCES := $(sort $(wildcard mod_uapi/host/*.c))
PLUGIN_SOURCES := $(sort $(wildcard plugins/*/*.c))
PLUGIN_SHARED_SOURCES := $(sort $(wildcard plugins/*.c))
UNIT_SOURCES := $(sort $(wildcard t/unit/*.c))
TEST_PLUGIN_SOURCES := $(sort $(wildcard t/plugins/*.c))
BENCH_SOURCES := $(sort $(wildcard t/bench/*.c))
FUZZ_SOURCES := $(sort $(filter-out t/fuzz/replay.c,$(wildcard t/fuzz/*.c)))

objects = $(patsubst %.c,$(V)/obj/%.o,$(1))
PLUGIN_NAMES := $(sort $(patsubst plugins/%/,%,$(dir $(PLUGIN_SOURCES))))

MODULE := $(if $(MODULE_SOURCES),$(P)/mod_uapi.so)
UAPICTL := $(if $(CLI_SOURCES),$(P)/uapictl)
PLUGIN_CHECK := $(if $(CHECK_SOURCES),$(P)/uapi-plugin-check)
PLUGIN_HOST := $(if $(HOST_SOURCES),$(P)/uapi-plugin-host)
PLUGINS := $(patsubst %,$(P)/plugins/%.so,$(PLUGIN_NAMES))
UNIT_TESTS := $(patsubst t/unit/%.c,$(P)/t/00-%.t,$(UNIT_SOURCES))
TEST_PLUGINS := $(patsubst t/plugins/%.c,$(P)/t/plugins/%.so,$(TEST_PLUGIN_SOURCES))
REPLAYS := $(patsubst t/fuzz/%.c,$(P)/fuzz/%,$(FUZZ_SOURCES))
BENCHES := $(patsubst t/bench/%.c,$(P)/bench/%,$(BENCH_SOURCES))
CORE := $(V)/core.a
PLUGIN_SHARED := $(V)/plugins.a

.PHONY: all tests units benches check lint tidy fuzz fuzzers bench coverage install clean help print FORCE
all: $(MODULE) $(UAPICTL) $(PLUGIN_CHECK) $(PLUGIN_HOST) $(PLUGINS)
# Unit tests load plugins of their own variant.
units: $(PLUGIN_HOST) $(PLUGINS) $(UNIT_TESTS) $(TEST_PLUGINS) $(REPLAYS) $(BENCHES)
tests: all units
benches: all $(BENCHES)

# ------------------------------------------------------------------------------------------------ stamps
# A stamp changes only when what it holds changes: other flags rebuild everything, a source that came or went links anew.
define stamp
$(1): FORCE
	@mkdir -p $$(@D); printf '%s\n' '$$(subst ','\'',$(2))' | cmp -s - $$@ || printf '%s\n' '$$(subst ','\'',$(2))' >$$@
endef
$(eval $(call stamp,$(V)/flags,$$(CC) $$(ALL_CFLAGS) $$(SOURCE_CPPFLAGS) $$(HTTPD_CPPFLAGS) $$(CPPFLAGS) $$(P)))
$(eval $(call stamp,$(V)/linking,$$(CC) $$(ALL_LDFLAGS) $$(APR_LIBS) $$(LIB_LIBS)))
$(eval $(call stamp,$(V)/sources,$$(MODULE_SOURCES) $$(CORE_SOURCES) $$(CLI_SOURCES) $$(CHECK_SOURCES) $$(HOST_SOURCES) $$(PLUGIN_SOURCES) $$(PLUGIN_SHARED_SOURCES)))

# ----------------------------------------------------------------------------------------------- compile
compile = $(CC) $(ALL_CFLAGS) $(1) -MMD -MP -c $< -o $@
ifeq ($(VERBOSE),)
quiet = @mkdir -p $(@D); echo '  $(1) $@';
else
quiet = @mkdir -p $(@D);
.SHELLFLAGS := -xc
endif

$(V)/obj/mod_uapi/core/%.o: mod_uapi/core/%.c $(V)/flags
	$(call quiet,CC) $(call compile,-fPIC $(SOURCE_CPPFLAGS) $(CPPFLAGS))
$(V)/obj/mod_uapi/store/%.o: mod_uapi/store/%.c $(V)/flags
	$(call quiet,CC) $(call compile,-fPIC $(SOURCE_CPPFLAGS) $(CPPFLAGS))
$(V)/obj/mod_uapi/cli/%.o: mod_uapi/cli/%.c $(V)/flags
	$(call quiet,CC) $(call compile,-fPIE $(SOURCE_CPPFLAGS) $(CPPFLAGS))
$(V)/obj/mod_uapi/check/%.o: mod_uapi/check/%.c $(V)/flags
	$(call quiet,CC) $(call compile,-fPIE $(SOURCE_CPPFLAGS) $(CPPFLAGS))
$(V)/obj/mod_uapi/host/%.o: mod_uapi/host/%.c $(V)/flags
	$(call quiet,CC) $(call compile,-fPIE $(SOURCE_CPPFLAGS) $(CPPFLAGS))
$(V)/obj/mod_uapi/%.o: mod_uapi/%.c $(V)/flags
	$(call quiet,CC) $(call compile,-fPIC $(SOURCE_CPPFLAGS) $(HTTPD_CPPFLAGS) $(CPPFLAGS))
$(V)/obj/plugins/%.o: plugins/%.c $(V)/flags
	$(call quiet,CC) $(CC) $(PLUGIN_CFLAGS) $(CFLAGS) -fPIC $(PLUGIN_CPPFLAGS) $(CPPFLAGS) -MMD -MP -c $< -o $@
$(V)/obj/t/plugins/%.o: t/plugins/%.c $(V)/flags
	$(call quiet,CC) $(CC) $(PLUGIN_CFLAGS) $(CFLAGS) -fPIC $(PLUGIN_CPPFLAGS) $(CPPFLAGS) -MMD -MP -c $< -o $@
$(V)/obj/t/%.o: t/%.c $(V)/flags
	$(call quiet,CC) $(call compile,-fPIE $(SOURCE_CPPFLAGS) $(TEST_CPPFLAGS) $(CPPFLAGS))

# -------------------------------------------------------------------------------------------------- link
# Made anew, not updated: an archive would keep the object of a source that has been removed.
$(CORE): $(call objects,$(CORE_SOURCES)) $(V)/sources
	$(call quiet,AR) rm -f $@ && $(AR) rcs $@ $(filter %.o,$^)
$(PLUGIN_SHARED): $(call objects,$(PLUGIN_SHARED_SOURCES)) $(V)/sources
	$(call quiet,AR) rm -f $@ && $(AR) rcs $@ $(filter %.o,$^)

# httpd and APR are in the process already; everything else the module brings with it. Linked beside and renamed: a server that
# is started meanwhile maps a whole file, old or new.
$(P)/mod_uapi.so: $(call objects,$(MODULE_SOURCES)) $(CORE) $(V)/linking $(V)/sources
	$(call quiet,LD) $(CC) -shared -o $@.new $(filter %.o,$^) $(CORE) $(ALL_LDFLAGS) $(LIB_LIBS) -lm && mv -f $@.new $@

$(P)/uapictl: $(call objects,$(CLI_SOURCES)) $(CORE) $(V)/linking $(V)/sources
	$(call quiet,LD) $(CC) -pie -o $@ $(filter %.o,$^) $(CORE) $(ALL_LDFLAGS) $(LIB_LIBS) $(APR_LIBS) -lpthread -ldl -lm

$(P)/uapi-plugin-check: $(call objects,$(CHECK_SOURCES)) $(CORE) $(V)/linking $(V)/sources
	$(call quiet,LD) $(CC) -pie -o $@ $(filter %.o,$^) $(CORE) $(ALL_LDFLAGS) $(LIB_LIBS) $(APR_LIBS) -lpthread -ldl -lm

# Of the core it needs the loader only, so it is linked to little and starts quickly.
$(P)/uapi-plugin-host: $(call objects,$(HOST_SOURCES)) $(CORE) $(V)/linking $(V)/sources
	$(call quiet,LD) $(CC) -pie -o $@.new $(filter %.o,$^) $(CORE) $(ALL_LDFLAGS) $(HOST_LIBS) $(APR_LIBS) -lpthread -ldl && mv -f $@.new $@

define plugin
$(P)/plugins/$(1).so: $(call objects,$(filter plugins/$(1)/%,$(PLUGIN_SOURCES))) $(PLUGIN_SHARED) $(V)/linking $(V)/sources
	$$(call quiet,LD) $$(CC) -shared -o $$@.new $$(filter %.o,$$^) $(PLUGIN_SHARED) $$(ALL_LDFLAGS) $$(UNDEFINED_REFUSED) && mv -f $$@.new $$@
endef
$(foreach name,$(PLUGIN_NAMES),$(eval $(call plugin,$(name))))

$(P)/t/plugins/%.so: $(V)/obj/t/plugins/%.o $(V)/linking
	$(call quiet,LD) $(CC) -shared -o $@ $< $(ALL_LDFLAGS) $(UNDEFINED_REFUSED)

$(P)/t/00-%.t: $(V)/obj/t/unit/%.o $(V)/obj/t/lib/cmocka_tap.o $(CORE) $(V)/linking
	$(call quiet,LD) $(CC) -pie -o $@ $< $(V)/obj/t/lib/cmocka_tap.o $(CORE) $(ALL_LDFLAGS) $(LIB_LIBS) $(APR_LIBS) -lcmocka -lpthread -ldl -lm

$(P)/fuzz/%: $(V)/obj/t/fuzz/%.o $(V)/obj/t/fuzz/replay.o $(CORE) $(V)/linking
	$(call quiet,LD) $(CC) -pie -o $@ $< $(V)/obj/t/fuzz/replay.o $(CORE) $(ALL_LDFLAGS) $(LIB_LIBS) $(APR_LIBS) -lpthread -ldl -lm

$(P)/bench/%: $(V)/obj/t/bench/%.o $(CORE) $(V)/linking
	$(call quiet,LD) $(CC) -pie -o $@ $< $(CORE) $(ALL_LDFLAGS) $(LIB_LIBS) $(APR_LIBS) -lpthread -ldl -lm

.SECONDARY:

# ----------------------------------------------------------------------------------------------- fuzzing
LIBFUZZERS := $(patsubst t/fuzz/%.c,$(OUT)/libfuzzer/%,$(FUZZ_SOURCES))
FUZZ_SECONDS ?= 0

$(OUT)/libfuzzer/%: $(V)/obj/t/fuzz/%.o $(CORE) $(V)/linking
	$(call quiet,LD) $(CC) -fsanitize=fuzzer -o $@ $< $(CORE) $(ALL_LDFLAGS) $(LIB_LIBS) $(APR_LIBS) -lpthread -ldl -lm

fuzzers: $(PLUGINS) $(LIBFUZZERS)

# New inputs go to build/out/fuzz-found/; what is worth keeping is copied to t/fuzz/corpus/ by hand.
fuzz:
	@$(MAKE) -f $(SELF) CC=clang FUZZING=1 fuzzers
	@found=0; test $(FUZZ_SECONDS) -eq 0 || for fuzzer in $(LIBFUZZERS); do \
	    topic=$${fuzzer##*/}; mkdir -p $(OUT)/fuzz-found/$$topic; \
	    $$fuzzer -max_total_time=$(FUZZ_SECONDS) -print_final_stats=1 -artifact_prefix=$(OUT)/fuzz-found/$$topic- \
	        $(OUT)/fuzz-found/$$topic t/fuzz/corpus/$$topic || found=1; \
	done; exit $$found

# ------------------------------------------------------------------------------------------------- tests
PERL_TESTS := $(sort $(wildcard t/*.t))

check: tests
	UAPI_OUT=$(P) $(PROVE) -j$(PROVE_JOBS) -It/lib $(PERL_TESTS) $(UNIT_TESTS) $(REPLAYS)

lint: tests
	$(PROVE) -j$(PROVE_JOBS) -It/lib t/90-lint.t t/90-drift.t

tidy: $(V)/flags
	clang-tidy --quiet $(MODULE_SOURCES) $(CORE_SOURCES) $(CLI_SOURCES) -- -std=gnu11 $(SOURCE_CPPFLAGS) $(HTTPD_CPPFLAGS)

bench: all
	build/bench

coverage:
	@$(MAKE) -f $(SELF) COVERAGE=1 tests
	$(PROVE) -j$(PROVE_JOBS) $(OUT)/coverage/t/*.t $(OUT)/coverage/fuzz/*
	@cd $(OUT)/coverage && find obj/mod_uapi -name '*.gcda' | xargs gcov -n -r -s $(CURDIR) 2>/dev/null | \
	    awk '/^File/ {file=$$2} /^Lines/ {sub("Lines executed:", ""); print $$0, file}' | sort -n

# What build scripts ask: make -s -f apxs.mk print NAME=HTTPD
print:
	@echo '$($(NAME))'

# ----------------------------------------------------------------------------------------------- install
include build/install.mk

clean:
	rm -rf $(OUT)

help:
	@sed -n '2,/^$$/s/^# \{0,1\}//p' $(SELF)

FORCE:
-include $(patsubst %.o,%.d,$(call objects,$(MODULE_SOURCES) $(CORE_SOURCES) $(CLI_SOURCES) $(CHECK_SOURCES) $(HOST_SOURCES) $(PLUGIN_SOURCES) \
    $(UNIT_SOURCES) $(TEST_PLUGIN_SOURCES) $(FUZZ_SOURCES) $(BENCH_SOURCES) t/fuzz/replay.c t/lib/cmocka_tap.c))
