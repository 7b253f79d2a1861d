/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "scan_text.h"

int text_digit(char c)
{
    return c >= '0' && c <= '9';
}

int text_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

int text_alnum(char c)
{
    return text_digit(c) || text_letter(c);
}

int text_hex(char c)
{
    return text_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

char text_capital(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c - ('a' - 'A')) : c;
}

char text_at(const uapi_string *text, size_t at)
{
    return at < text->length ? text->data[at] : '\0';
}

/* "1.23" and "a-12" go on, "(12", "=12" and "\"12" begin; so does what follows a stop or dash after a space. */
int text_begins(const uapi_string *text, size_t at)
{
    char before = text_at(text, at - 1), further = text_at(text, at - 2);

    if (text_alnum(before)) {
        return before == 'n' && further == '\\';
    }
    return !((before == '.' || before == '-' || before == '/' || before == '+') && text_alnum(further));
}

int text_ends(const uapi_string *text, size_t at)
{
    char after = text_at(text, at), further = text_at(text, at + 1);

    if (text_alnum(after) || after == '_') {
        return 0;
    }
    return !((after == '.' || after == '-' || after == '/') && text_digit(further));
}

int text_continues(const uapi_string *text, size_t from, size_t to)
{
    return (text_at(text, from - 1) == ' ' && text_digit(text_at(text, from - 2))) ||
           (text_at(text, to) == ' ' && text_digit(text_at(text, to + 1)));
}

int text_has_digit(const uapi_string *text, size_t from, size_t to)
{
    while (from < to && !text_digit(text->data[from])) {
        from++;
    }
    return from < to;
}

int text_is(const uapi_string *text, size_t from, size_t to, const char *word)
{
    while (from < to && *word && text_capital(text->data[from]) == *word) {
        from++;
        word++;
    }
    return from == to && !*word;
}
