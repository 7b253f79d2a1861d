/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * What can be told without running anything: the symbols of the object. Read with all bounds checked, since it is a stranger's
 * file; the form is that of the System V ABI, chapter 4 (ELF-64; of 32 bits nothing is told).
 */
#include "check.h"

#include <elf.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <apr_strings.h>

typedef struct object {
    const unsigned char *bytes;
    size_t length;
} object;

/* Whose call changes the process, which is not the plugin's; the last three only look as if they were harmless. */
static const char *const forbidden[] = {
    "_exit",    "_Exit",     "exit",   "quick_exit", "chdir",       "fchdir", "chroot", "setenv", "unsetenv",  "putenv",
    "clearenv", "setlocale", "signal", "sigaction",  "sigprocmask", "umask",  "fork",   "vfork",  "system",    "popen",
    "execve",   "execv",     "execvp", "setuid",     "setgid",      "daemon", "atexit", "strtok", "setitimer",
};

static const char *const usual[] = {"_init", "_fini", "_edata", "_end", "__bss_start", "uapi_plugin_entry"};

static int is_among(const char *name, const char *const *list, size_t count)
{
    size_t i;

    for (i = 0; i < count; i++) {
        if (strcmp(list[i], name) == 0) {
            return 1;
        }
    }
    return 0;
}

static int lies_within(const object *file, uint64_t offset, uint64_t size)
{
    return offset <= file->length && size <= file->length - offset;
}

static const char *append(apr_pool_t *pool, const char *list, const char *name)
{
    return list ? strlen(list) > 400 ? list : apr_pstrcat(pool, list, ", ", name, NULL) : apr_pstrdup(pool, name);
}

typedef struct symbol_lists {
    const char *exported, *forbidden, *httpd;
} symbol_lists;

static void sort_symbol(symbol_lists *lists, const Elf64_Sym *symbol, const char *name, apr_pool_t *pool)
{
    unsigned binding = ELF64_ST_BIND(symbol->st_info);

    if (binding != STB_GLOBAL && binding != STB_WEAK) {
        return;
    }
    if (symbol->st_shndx != SHN_UNDEF) {
        if (binding == STB_GLOBAL && !is_among(name, usual, sizeof(usual) / sizeof(usual[0]))) {
            lists->exported = append(pool, lists->exported, name);
        }
    } else if (is_among(name, forbidden, sizeof(forbidden) / sizeof(forbidden[0]))) {
        lists->forbidden = append(pool, lists->forbidden, name);
    } else if (strncmp(name, "ap_", 3) == 0 || strncmp(name, "apr_", 4) == 0) {
        lists->httpd = append(pool, lists->httpd, name);
    }
}

static void read_symbols(symbol_lists *lists, const object *file, const Elf64_Shdr *table, const Elf64_Shdr *strings,
                         apr_pool_t *pool)
{
    uint64_t i;

    if (!lies_within(file, table->sh_offset, table->sh_size) ||
        !lies_within(file, strings->sh_offset, strings->sh_size)) {
        return;
    }
    for (i = 0; i < table->sh_size / sizeof(Elf64_Sym); i++) {
        Elf64_Sym symbol;
        const char *name;

        memcpy(&symbol, file->bytes + table->sh_offset + i * sizeof(symbol), sizeof(symbol));
        name = (const char *)file->bytes + strings->sh_offset + symbol.st_name;
        if (symbol.st_name < strings->sh_size && memchr(name, '\0', strings->sh_size - symbol.st_name)) {
            sort_symbol(lists, &symbol, name, pool);
        }
    }
}

static int read_sections(symbol_lists *lists, const object *file, apr_pool_t *pool)
{
    Elf64_Ehdr header;
    unsigned i, found = 0;

    if (file->length < sizeof(header)) {
        return 0;
    }
    memcpy(&header, file->bytes, sizeof(header));
    if (memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 || header.e_ident[EI_CLASS] != ELFCLASS64 ||
        header.e_shentsize != sizeof(Elf64_Shdr) ||
        !lies_within(file, header.e_shoff, (uint64_t)header.e_shnum * sizeof(Elf64_Shdr))) {
        return 0;
    }
    for (i = 0; i < header.e_shnum; i++) {
        Elf64_Shdr section, strings;

        memcpy(&section, file->bytes + header.e_shoff + i * sizeof(section), sizeof(section));
        if (section.sh_type == SHT_DYNSYM && section.sh_link < header.e_shnum) {
            memcpy(&strings, file->bytes + header.e_shoff + section.sh_link * sizeof(strings), sizeof(strings));
            read_symbols(lists, file, &section, &strings, pool);
            found = 1;
        }
    }
    return (int)found;
}

static void tell(const check_run *run, const symbol_lists *lists)
{
    if (lists->exported) {
        check_say(run, CHECK_WARN, "it exports more than uapi_plugin_entry: %s; compile with -fvisibility=hidden",
                  lists->exported);
    }
    if (lists->forbidden) {
        check_say(run, CHECK_WARN, "it calls what changes the process, or what is not for threads: %s",
                  lists->forbidden);
    }
    if (lists->httpd) {
        check_say(run, CHECK_FAIL, "it calls httpd or APR, which no plugin may rely on: %s", lists->httpd);
    }
    if (!lists->exported && !lists->forbidden && !lists->httpd) {
        check_say(run, CHECK_PASS, "its entry alone is exported, and nothing is called that a plugin must not call");
    }
}

void check_symbols(const check_run *run)
{
    int fd = open(run->path, O_RDONLY | O_CLOEXEC);
    symbol_lists lists = {0};
    struct stat info;
    object file;
    void *mapped;

    if (fd < 0 || fstat(fd, &info) != 0 || info.st_size <= 0) {
        check_say(run, CHECK_FAIL, "%s cannot be read", run->path);
        return;
    }
    mapped = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    close(fd);
    file.bytes = mapped;
    file.length = (size_t)info.st_size;
    if (mapped == MAP_FAILED || !read_sections(&lists, &file, run->pool)) {
        check_say(run, CHECK_NOTE, "its symbols cannot be read: no ELF object of 64 bits with section headers");
        return;
    }
    tell(run, &lists);
}
