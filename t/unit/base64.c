/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/* Strict base64 against OpenSSL's encoder, and each way of writing the same bytes otherwise. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/evp.h>

#include "base64.h"

static void every_length_goes_there_and_back(void **state)
{
    uint8_t bytes[300], back[300];
    char text[404];
    size_t size;

    (void)state;
    for (size = 0; size < sizeof(bytes); size++) {
        bytes[size] = (uint8_t)(size * 37 + 11);
    }
    for (size = 0; size < sizeof(bytes); size++) {
        int length = EVP_EncodeBlock((unsigned char *)text, bytes, (int)size);

        assert_int_equal(uapi_base64_decoded_length(text, (size_t)length), size);
        assert_int_equal(uapi_base64_decode(back, text, (size_t)length), size);
        assert_memory_equal(back, bytes, size);
    }
}

static void every_character_is_judged(void **state)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char text[4] = {'A', 'A', 'A', 'A'};
    uint8_t bytes[3];
    int c, place;

    (void)state;
    for (place = 0; place < 4; place++) {
        for (c = 0; c < 256; c++) {
            const char *found = c ? strchr(alphabet, c) : NULL;
            ptrdiff_t decoded;

            text[place] = (char)c;
            decoded = uapi_base64_decode(bytes, text, 4);
            if (c == '=' && place == 3) {
                assert_int_equal(decoded, 2);
            } else if (!found) {
                assert_int_equal(decoded, -1);
            } else {
                unsigned value = (unsigned)bytes[0] << 16 | (unsigned)bytes[1] << 8 | bytes[2];

                assert_int_equal(decoded, 3);
                assert_int_equal(value >> (6 * (3 - place)) & 63, found - alphabet);
            }
        }
        text[place] = 'A';
    }
}

static void loose_spellings_are_refused(void **state)
{
    static const char *const wrong[] = {"QUI",  "QUI\n",    "QUJD\n", " QUJD", "QR==", "QUJ=", "Q===",
                                        "====", "QU==QUJD", "QUJD=",  "QUJDQ", "QU=J", "Q-_D", "QUI=QUI="};
    uint8_t bytes[16];
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_int_equal(uapi_base64_decode(bytes, wrong[i], strlen(wrong[i])), -1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_length_goes_there_and_back),
        cmocka_unit_test(every_character_is_judged),
        cmocka_unit_test(loose_spellings_are_refused),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
