/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * What each character folds to: a table of pages, made once from libunistring's decompositions (NFKC) and our own list of letters
 * that look like Latin ones (after UTS #39, the ones that a reader takes for the letter in running text). A page in which nothing
 * folds is shared.
 */
#include "views_internal.h"

#include <pthread.h>
#include <string.h>

#include <unictype.h>
#include <uninorm.h>

#define PAGES 0x1100 /* of 256 characters: all planes */
#define LONGEST 54   /* U+FDFA, the longest compatibility decomposition, has 33 bytes */

static fold_entry empty_page[256]; /* never written */
static fold_entry made_pages[160][256];
static unsigned made_count;
static fold_entry *pages[PAGES];
static char texts[32768];
static size_t texts_length;
static pthread_once_t once = PTHREAD_ONCE_INIT;

/* ------------------------------------------------------------- our own letters */

typedef struct look_alike {
    uint32_t character;
    char latin[4];
} look_alike;

/* clang-format off */
static const look_alike look_alikes[] = {
    /* Cyrillic */
    {0x0405, "S"}, {0x0406, "I"}, {0x0408, "J"}, {0x0410, "A"}, {0x0412, "B"}, {0x0415, "E"}, {0x0417, "3"}, {0x041A, "K"},
    {0x041C, "M"}, {0x041D, "H"}, {0x041E, "O"}, {0x0420, "P"}, {0x0421, "C"}, {0x0422, "T"}, {0x0423, "Y"}, {0x0425, "X"},
    {0x0430, "a"}, {0x0433, "r"}, {0x0435, "e"}, {0x043A, "k"}, {0x043E, "o"}, {0x043F, "n"}, {0x0440, "p"}, {0x0441, "c"},
    {0x0442, "t"}, {0x0443, "y"}, {0x0445, "x"}, {0x0455, "s"}, {0x0456, "i"}, {0x0458, "j"}, {0x0461, "w"}, {0x0474, "V"},
    {0x0475, "v"}, {0x04AE, "Y"}, {0x04AF, "y"}, {0x04BB, "h"}, {0x04C0, "I"}, {0x04CF, "l"}, {0x04BD, "e"}, {0x0501, "d"},
    {0x050C, "G"}, {0x051A, "Q"}, {0x051B, "q"}, {0x051C, "W"}, {0x051D, "w"}, {0x042C, "b"}, {0x044C, "b"}, {0x0433, "r"},
    {0x0454, "e"}, {0x0491, "r"}, {0x0438, "u"}, {0x043C, "m"}, {0x043D, "h"}, {0x0432, "b"}, {0x0448, "w"}, {0x0499, "3"},
    {0x051E, "K"}, {0x051F, "k"}, {0x0525, "h"}, {0x0527, "h"}, {0xA731, "s"}, {0xA649, "i"}, {0x0509, "d"},
    /* Greek */
    {0x0391, "A"}, {0x0392, "B"}, {0x0395, "E"}, {0x0396, "Z"}, {0x0397, "H"}, {0x0399, "I"}, {0x039A, "K"}, {0x039C, "M"},
    {0x039D, "N"}, {0x039F, "O"}, {0x03A1, "P"}, {0x03A4, "T"}, {0x03A5, "Y"}, {0x03A7, "X"}, {0x03B1, "a"}, {0x03B3, "y"},
    {0x03B5, "e"}, {0x03B7, "n"}, {0x03B9, "i"}, {0x03BA, "k"}, {0x03BD, "v"}, {0x03BF, "o"}, {0x03C1, "p"}, {0x03C3, "o"},
    {0x03C4, "t"}, {0x03C5, "u"}, {0x03C7, "x"}, {0x03C9, "w"}, {0x03F2, "c"}, {0x03F3, "j"}, {0x03F9, "C"}, {0x037F, "J"},
    {0x03B2, "b"}, {0x03BC, "u"}, {0x03DC, "F"}, {0x03E8, "2"},
    /* Armenian */
    {0x0555, "O"}, {0x0585, "o"}, {0x057D, "u"}, {0x0570, "h"}, {0x0578, "n"}, {0x0581, "g"}, {0x0566, "q"}, {0x0561, "w"},
    {0x0563, "q"}, {0x056C, "l"}, {0x054D, "U"}, {0x054F, "S"}, {0x0582, "i"}, {0x0584, "f"}, {0x057C, "n"},
    /* Cherokee and Lisu capitals */
    {0x13A0, "D"}, {0x13A1, "R"}, {0x13A2, "T"}, {0x13A9, "Y"}, {0x13AA, "A"}, {0x13AB, "J"}, {0x13AC, "E"}, {0x13B3, "W"},
    {0x13B7, "M"}, {0x13BB, "H"}, {0x13C0, "G"}, {0x13C2, "h"}, {0x13C3, "Z"}, {0x13CF, "b"}, {0x13D2, "R"}, {0x13D4, "W"},
    {0x13D5, "S"}, {0x13D9, "V"}, {0x13DA, "S"}, {0x13DE, "L"}, {0x13DF, "C"}, {0x13E2, "P"}, {0x13E6, "K"}, {0x13E7, "d"},
    {0x13F3, "G"}, {0x13F4, "B"},
    {0xA4D0, "B"}, {0xA4D1, "P"}, {0xA4D2, "d"}, {0xA4D3, "D"}, {0xA4D4, "T"}, {0xA4D6, "G"}, {0xA4D7, "K"}, {0xA4D9, "J"},
    {0xA4DA, "C"}, {0xA4DC, "Z"}, {0xA4DD, "F"}, {0xA4DF, "M"}, {0xA4E0, "N"}, {0xA4E1, "L"}, {0xA4E2, "S"}, {0xA4E3, "R"},
    {0xA4E6, "V"}, {0xA4E7, "H"}, {0xA4EA, "W"}, {0xA4EB, "X"}, {0xA4EC, "Y"}, {0xA4EE, "A"}, {0xA4F0, "E"}, {0xA4F2, "I"},
    {0xA4F3, "O"}, {0xA4F4, "U"},
    /* Latin beyond ASCII that does not decompose; small capitals and IPA */
    {0x0131, "i"}, {0x0142, "l"}, {0x0141, "L"}, {0x00F8, "o"}, {0x00D8, "O"}, {0x0111, "d"}, {0x0110, "D"}, {0x0127, "h"},
    {0x0126, "H"}, {0x0167, "t"}, {0x0166, "T"}, {0x00F0, "d"}, {0x0180, "b"}, {0x0188, "c"}, {0x0192, "f"}, {0x0199, "k"},
    {0x019A, "l"}, {0x01A5, "p"}, {0x01AD, "t"}, {0x01B4, "y"}, {0x01B6, "z"}, {0x01C0, "l"}, {0x0237, "j"}, {0x0247, "e"},
    {0x0249, "j"}, {0x024D, "r"}, {0x024F, "y"}, {0x0251, "a"}, {0x0253, "b"}, {0x0255, "c"}, {0x0256, "d"}, {0x0257, "d"},
    {0x0260, "g"}, {0x0261, "g"}, {0x0262, "g"}, {0x0266, "h"}, {0x0268, "i"}, {0x0269, "i"}, {0x026A, "i"}, {0x026B, "l"},
    {0x026F, "w"}, {0x0271, "m"}, {0x0272, "n"}, {0x0273, "n"}, {0x0274, "n"}, {0x0275, "o"}, {0x027D, "r"}, {0x0280, "r"},
    {0x0282, "s"}, {0x0288, "t"}, {0x0289, "u"}, {0x028B, "v"}, {0x028F, "y"}, {0x0290, "z"}, {0x0299, "b"}, {0x029C, "h"},
    {0x029F, "l"}, {0x1D00, "a"}, {0x1D04, "c"}, {0x1D05, "d"}, {0x1D07, "e"}, {0x1D0A, "j"}, {0x1D0B, "k"}, {0x1D0D, "m"},
    {0x1D0F, "o"}, {0x1D18, "p"}, {0x1D1B, "t"}, {0x1D1C, "u"}, {0x1D20, "v"}, {0x1D21, "w"}, {0x1D22, "z"}, {0x1D26, "r"},
    {0xA730, "f"}, {0xA7AE, "I"}, {0x01BD, "s"}, {0x01A8, "2"},
    /* signs inside names */
    {0x2010, "-"}, {0x2011, "-"}, {0x2012, "-"}, {0x2212, "-"}, {0x2044, "/"}, {0x2215, "/"}, {0x2236, ":"}, {0x02D0, ":"},
    {0xA789, ":"}, {0x2223, "|"}, {0x01C3, "!"}, {0x2216, "\\"}, {0x2217, "*"}, {0x223C, "~"}, {0x201A, ","},
};

/* Not seen: no glyph, no width, or only a way for what stands around them (Default_Ignorable_Code_Point and a few more). */
static const uint32_t invisible[][2] = {
    {0x00AD, 0x00AD}, {0x034F, 0x034F}, {0x061C, 0x061C}, {0x115F, 0x1160}, {0x17B4, 0x17B5}, {0x180B, 0x180F},
    {0x200B, 0x200F}, {0x202A, 0x202E}, {0x2060, 0x206F}, {0x3164, 0x3164}, {0xFE00, 0xFE0F}, {0xFEFF, 0xFEFF},
    {0xFFA0, 0xFFA0}, {0xFFF9, 0xFFFB}, {0x1D173, 0x1D17A},
};

static const uint32_t marks[][2] = {
    {0x0300, 0x034E}, {0x0350, 0x036F}, {0x0483, 0x0489}, {0x1AB0, 0x1ACE}, {0x1DC0, 0x1DFF}, {0x20D0, 0x20F0}, {0xFE20, 0xFE2F},
};

/* Where compatibility forms are; the rest of the planes is not asked about. */
static const uint32_t compatible[][2] = {
    {0x00A0, 0x0250}, {0x02B0, 0x02FF}, {0x0370, 0x0400}, {0x1D2C, 0x2300}, {0x2400, 0x2500}, {0x2A00, 0x2B00}, {0x2C60, 0x2E80},
    {0x3000, 0x3001}, {0x3130, 0x3400}, {0xA69C, 0xA7FF}, {0xAB5C, 0xAB6A}, {0xFB00, 0xFFEF}, {0x1D400, 0x1D800}, {0x1EE00, 0x1EF00},
    {0x1F100, 0x1F200}, {0x1FBF0, 0x1FBFA},
};
/* clang-format on */

/* ------------------------------------------------------------- making it */

static fold_entry *entry_of(uint32_t character)
{
    fold_entry **page = &pages[character >> 8];

    if (*page == empty_page) {
        if (made_count == sizeof(made_pages) / sizeof(made_pages[0])) {
            return NULL;
        }
        *page = made_pages[made_count++];
    }
    return &(*page)[character & 0xff];
}

static void set(uint32_t character, fold_class class, const char *text, size_t length)
{
    fold_entry *entry = entry_of(character);

    if (!entry || length > LONGEST || texts_length + length > sizeof(texts)) {
        return;
    }
    memcpy(texts + texts_length, text, length);
    *entry = (fold_entry){(uint8_t) class, (uint8_t)length, (uint16_t)texts_length};
    texts_length += length;
}

static void set_ranges(const uint32_t (*ranges)[2], size_t count, fold_class class)
{
    uint32_t character;
    size_t i;

    for (i = 0; i < count; i++) {
        for (character = ranges[i][0]; character <= ranges[i][1]; character++) {
            set(character, class, "", 0);
        }
    }
}

static int is_mark(uint32_t character)
{
    return character >= 0x300 && uc_combining_class(character) != 0;
}

static size_t write_all(const uint32_t *characters, size_t count, char *out)
{
    size_t length = 0, i;

    for (i = 0; i < count && length + 4 <= LONGEST; i++) {
        length += uapi_views_utf8(characters[i], out + length);
    }
    return i < count ? 0 : length;
}

/* A Latin letter loses its marks; of everything else the composed compatibility form is taken. */
static void set_compatible(uint32_t character)
{
    uint32_t decomposed[32], composed[32];
    size_t count = sizeof(decomposed) / sizeof(*decomposed), composed_count = sizeof(composed) / sizeof(*composed);
    size_t kept = 0, i, length;
    char text[LONGEST + 4];
    int ascii = 1;

    if (!u32_normalize(UNINORM_NFKD, &character, 1, decomposed, &count) ||
        !u32_normalize(UNINORM_NFKC, &character, 1, composed, &composed_count) || count == 0) {
        return;
    }
    for (i = 0; i < count; i++) {
        if (kept > 0 && is_mark(decomposed[i])) {
            continue;
        }
        ascii &= decomposed[i] < 0x80;
        decomposed[kept++] = decomposed[i];
    }
    if (ascii) {
        length = write_all(decomposed, kept, text);
    } else if (composed_count == 1 && composed[0] == character) {
        return;
    } else {
        length = write_all(composed, composed_count, text);
    }
    if (length) {
        set(character, FOLD_REPLACE, text, length);
    }
}

/* Letters on a dark ground, which have no decomposition: circled and squared ones. */
static void set_enclosed(void)
{
    static const uint32_t first[] = {0x1F150, 0x1F170};
    size_t i;
    char letter;

    for (i = 0; i < sizeof(first) / sizeof(*first); i++) {
        for (letter = 'A'; letter <= 'Z'; letter++) {
            set(first[i] + (uint32_t)(letter - 'A'), FOLD_REPLACE, &letter, 1);
        }
    }
}

/* Of ordinary typography nothing that a pattern would miss. */
static void keep_typography(void)
{
    static const uint32_t kept[] = {0x00A8, 0x00AF, 0x00B4, 0x00B5, 0x00B8, 0x2026, 0x2033,
                                    0x20A8, 0x2103, 0x2109, 0x2116, 0x2120, 0x2121, 0x2122,
                                    0x00B2, 0x00B3, 0x00B9, 0x00BC, 0x00BD, 0x00BE, 0xFF5C};
    size_t i;

    for (i = 0; i < sizeof(kept) / sizeof(*kept); i++) {
        fold_entry *entry = entry_of(kept[i]);

        if (entry) {
            entry->class = FOLD_KEEP;
        }
    }
}

static void make(void)
{
    uint32_t character;
    size_t i;

    for (i = 0; i < PAGES; i++) {
        pages[i] = empty_page;
    }
    for (i = 0; i < sizeof(compatible) / sizeof(*compatible); i++) {
        for (character = compatible[i][0]; character < compatible[i][1]; character++) {
            set_compatible(character);
        }
    }
    for (character = 0x1E00; character < 0x1F00; character++) {
        set_compatible(character);
    }
    for (i = 0; i < sizeof(look_alikes) / sizeof(*look_alikes); i++) {
        set(look_alikes[i].character, FOLD_LETTER, look_alikes[i].latin, strlen(look_alikes[i].latin));
    }
    set_enclosed();
    keep_typography();
    set_ranges(marks, sizeof(marks) / sizeof(*marks), FOLD_MARK);
    set_ranges(invisible, sizeof(invisible) / sizeof(*invisible), FOLD_INVISIBLE);
    for (character = 0xE0000; character < 0xE0200; character++) {
        set(character, FOLD_INVISIBLE, "", 0);
    }
}

void uapi_views_init(void)
{
    pthread_once(&once, make);
}

fold_entry uapi_views_fold_of(uint32_t character)
{
    return pages[character >> 8] ? pages[character >> 8][character & 0xff] : (fold_entry){0, 0, 0};
}

const char *uapi_views_fold_text(fold_entry entry)
{
    return texts + entry.text;
}

/* ------------------------------------------------------------- UTF-8 */

size_t uapi_views_character(const char *text, size_t length, size_t i, uint32_t *character)
{
    const unsigned char *at = (const unsigned char *)text + i;
    size_t left = length - i, want = at[0] < 0x80 ? 1 : at[0] < 0xe0 ? 2 : at[0] < 0xf0 ? 3 : 4, j;
    uint32_t value = want == 1 ? at[0] : at[0] & (0x7fu >> want);

    if ((at[0] >= 0x80 && at[0] < 0xc2) || at[0] > 0xf4 || want > left) {
        *character = 0xfffd;
        return 1;
    }
    for (j = 1; j < want; j++) {
        if ((at[j] & 0xc0) != 0x80) {
            *character = 0xfffd;
            return 1;
        }
        value = value << 6 | (at[j] & 0x3f);
    }
    *character = value <= 0x10ffff ? value : 0xfffd;
    return want;
}

size_t uapi_views_utf8(uint32_t c, char *out)
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (char)(0xc0 | c >> 6);
        out[1] = (char)(0x80 | (c & 0x3f));
        return 2;
    }
    if (c < 0x10000) {
        out[0] = (char)(0xe0 | c >> 12);
        out[1] = (char)(0x80 | (c >> 6 & 0x3f));
        out[2] = (char)(0x80 | (c & 0x3f));
        return 3;
    }
    out[0] = (char)(0xf0 | c >> 18);
    out[1] = (char)(0x80 | (c >> 12 & 0x3f));
    out[2] = (char)(0x80 | (c >> 6 & 0x3f));
    out[3] = (char)(0x80 | (c & 0x3f));
    return 4;
}
