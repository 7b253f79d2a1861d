/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Messaging, mail, payment, sales and other services.
 */
#include "rule.h"
#include "value.h"

/* The first part is a number in base64, whose first character is therefore one of few. */
static int32_t verify_discord(const rule *self, const uapi_candidate *candidate, uapi_finding *finding)
{
    char first;

    if (!rule_verify_token(self, candidate, finding)) {
        return 0;
    }
    first = candidate->text.data[finding->from];
    return first == 'M' || first == 'N' || first == 'O' || first == 'A';
}

/* The part after the colon has one length. */
static int32_t verify_telegram(const rule *self, const uapi_candidate *candidate, uapi_finding *finding)
{
    return rule_verify_token(self, candidate, finding) && finding->to == candidate->to;
}

static const rule rules[] = {
    /* messaging */
    TOKEN("slack_token", HIGH, "xox[bpe]-[0-9A-Za-z-]{18}", .tail = C_ALNUM | C_DASH, .longest = 500, .skip = 5,
          .entropy = 25, .digits = 4),
    TOKEN("slack_legacy_token", HIGH, "xox[aors]-[0-9A-Za-z-]{12}", .tail = C_ALNUM | C_DASH, .longest = 500, .skip = 5,
          .entropy = 25, .digits = 4),
    TOKEN("slack_config_token", HIGH, "xoxe(?:\\.xox[bp])?-1-[0-9A-Za-z]{60}", .tail = C_ALNUM | C_DASH, .longest = 500,
          .entropy = 35),
    TOKEN("slack_app_token", HIGH, "xapp-[0-9]-[0-9A-Za-z]{5,14}-[0-9]{5}", .tail = C_ALNUM | C_DASH, .longest = 150,
          .entropy = 28),
    TOKEN("slack_webhook", HIGH, "hooks\\.slack\\.com/(?:services|workflows|triggers)/[0-9A-Za-z+/]{40}",
          .tail = C_ALNUM | C_SLASH | C_PLUS, .longest = 160, .skip = 30, .entropy = 30, .loose = LOOSE_START),
    RULE("discord_bot_token", HIGH, 0, "\\." URLSAFE_ "{6}\\." URLSAFE_ "{27}", verify_discord, .tail = C_URLSAFE,
         .longest = 75, .head = C_URLSAFE, .head_least = 23, .head_most = 26, .entropy = 40),
    TOKEN("discord_webhook", HIGH, "discord(?:app)?\\.com/api/webhooks/[0-9]{17,20}/" URLSAFE_ "{60}",
          .tail = C_URLSAFE, .longest = 160, .loose = LOOSE_START),
    TOKEN("teams_webhook", HIGH, "webhook\\.office\\.com/webhookb2/[0-9A-Za-z-]{36}@", .tail = C_URLSAFE | C_SLASH,
          .longest = 300, .loose = LOOSE_START),
    TOKEN("teams_webhook_legacy", HIGH,
          "outlook\\.office\\.com/webhook/[0-9a-f-]{36,37}@[0-9a-f-]{36}/IncomingWebhook/", .tail = C_URLSAFE | C_SLASH,
          .longest = 300, .loose = LOOSE_START),
    RULE("telegram_bot_token", HIGH, 0, ":A" URLSAFE_ "{34}", verify_telegram, .tail = C_URLSAFE, .head = C_DIGIT,
         .head_least = 5, .head_most = 16, .skip = 8, .entropy = 33),
    TOKEN("twilio_key", HIGH, "SK" HEX_ "{32}", .tail = C_WORD, .longest = 34, .skip = 2, .entropy = 25),
    TOKEN("twilio_account", LOW, "AC(?:" HEX_ "{32}|x{32})", .tail = C_WORD, .longest = 34, .loose = LOOSE_RUNS),
    TOKEN("zapier_webhook", MEDIUM, "hooks\\.zapier\\.com/hooks/catch/[0-9]{4,10}/" ALNUM_ "{5}",
          .tail = C_WORD | C_SLASH, .longest = 100, .loose = LOOSE_START),
    TOKEN("twitch_stream_key", MEDIUM, "live_[0-9]{5,12}_" ALNUM_ "{30}", .tail = C_WORD, .longest = 60, .entropy = 35),
    /* mail */
    TOKEN("sendgrid_key", CRITICAL, "SG\\.[0-9A-Za-z_=-]{22}\\.[0-9A-Za-z_=-]{40}",
          .tail = C_URLSAFE | C_EQUALS | C_DOT, .longest = 75, .skip = 3, .entropy = 35),
    TOKEN("sendgrid_key_short", HIGH, "SG\\.[0-9A-Za-z_=.-]{60}", .tail = C_URLSAFE | C_EQUALS | C_DOT, .longest = 75,
          .skip = 3, .entropy = 40, .digits = 3),
    TOKEN("mailgun_key", HIGH, "(?:key|pubkey)-" HEX_ "{32}", .tail = C_WORD, .longest = 39, .entropy = 30),
    TOKEN("mailchimp_key", HIGH, "-us[0-9]{1,2}", .tail = C_URLSAFE, .longest = 37, .head = C_HEX | C_WORD,
          .head_least = 32, .head_most = 32, .entropy = 28, .digits = 6),
    TOKEN("brevo_key", HIGH, "x(?:keysib|smtpsib)-" HEX_ "{64}-" ALNUM_ "{16}", .tail = C_WORD, .longest = 90),
    TOKEN("mandrill_key", HIGH, "md-" URLSAFE_ "{22}", .tail = C_URLSAFE, .longest = 25, .skip = 3, .entropy = 38,
          .digits = 3),
    TOKEN("resend_key", HIGH, "re_" ALNUM_ "{8}_" ALNUM_ "{24}", .tail = C_WORD, .longest = 36, .entropy = 35,
          .digits = 2),
    /* payment */
    TOKEN("stripe_key", CRITICAL, "[sr]k_(?:live|prod)_" ALNUM_ "{16}", .tail = C_WORD, .longest = 250, .skip = 8,
          .entropy = 30),
    TOKEN("stripe_test_key", MEDIUM, "[sr]k_test_" ALNUM_ "{16}", .tail = C_WORD, .longest = 250, .skip = 8,
          .entropy = 30),
    TOKEN("stripe_webhook_secret", HIGH, "whsec_[0-9A-Za-z+/]{32}", .tail = C_BASE64, .longest = 80, .skip = 6,
          .entropy = 35),
    TOKEN("square_token", CRITICAL, "sq0atp-" URLSAFE_ "{22}", .tail = C_URLSAFE, .longest = 29, .skip = 7,
          .entropy = 30),
    TOKEN("square_secret", CRITICAL, "sq0csp-[0-9A-Za-z\\\\/_-]{4,6}[^\\s\"']{37}", .tail = C_URLSAFE, .longest = 60,
          .skip = 7, .entropy = 35),
    TOKEN("square_access_token", CRITICAL, "EAAA" URLSAFE_ "{60}", .tail = C_URLSAFE, .longest = 64, .skip = 4,
          .entropy = 38),
    TOKEN("braintree_token", CRITICAL, "access_token\\$(?:production|sandbox)\\$[0-9a-z]{16}\\$" HEX_ "{32}",
          .tail = C_WORD, .longest = 100),
    TOKEN("plaid_token", HIGH, "access-(?:sandbox|development|production)-" UUID_, .tail = C_WORD, .longest = 66),
    TOKEN("flutterwave_key", HIGH, "FLW(?:SECK|PUBK)(?:_TEST)?-[0-9a-h]{12}", .tail = C_ALNUM | C_DASH, .longest = 60,
          .entropy = 28),
    TOKEN("razorpay_key", HIGH, "rzp_(?:live|test)_" ALNUM_ "{14}", .tail = C_WORD, .longest = 24, .skip = 9,
          .entropy = 28),
    TOKEN("payment_key", HIGH, "(?:live|test)_" ALNUM_ "{30}", .tail = C_WORD, .longest = 45, .skip = 5, .entropy = 33,
          .digits = 3),
    TOKEN("duffel_token", HIGH, "duffel_(?:test|live)_[0-9A-Za-z_=-]{43}", .tail = C_URLSAFE | C_EQUALS, .longest = 60,
          .entropy = 33),
    TOKEN("easypost_key", HIGH, "EZ[AT]K" ALNUM_ "{54}", .tail = C_WORD, .longest = 58, .skip = 4, .entropy = 35),
    TOKEN("shippo_token", HIGH, "shippo_(?:live|test)_[0-9A-Fa-f]{40}", .tail = C_WORD, .longest = 52),
    /* shops, sales, media */
    TOKEN("shopify_token", CRITICAL, "shp(?:at|ca|pa|ss|ua|tka)_[0-9A-Fa-f]{32}", .tail = C_WORD, .longest = 40),
    TOKEN("facebook_token", HIGH, "EAA[MCB]" ALNUM_ "{60}", .tail = C_WORD, .longest = 500, .skip = 4, .entropy = 40),
    TOKEN("facebook_token_legacy", HIGH, "EAACEdEose0cBA" ALNUM_ "{20}", .tail = C_WORD, .longest = 500, .entropy = 35),
    TOKEN("facebook_app_token", HIGH, "\\|" URLSAFE_ "{27}", .tail = C_URLSAFE, .longest = 45, .head = C_DIGIT,
          .head_least = 14, .head_most = 17, .skip = 16, .entropy = 35),
    TOKEN("hubspot_token", HIGH, "pat-(?:na|eu|ap)[0-9]-" UUID_, .tail = C_WORD, .longest = 45),
    TOKEN("salesforce_session", HIGH, "00D" ALNUM_ "{10,17}![0-9A-Za-z._]{70}", .tail = C_WORD | C_DOT, .longest = 160,
          .entropy = 38),
    TOKEN("klaviyo_key", HIGH, "pk_" HEX_ "{34}", .tail = C_WORD, .longest = 37),
    TOKEN("contentful_token", HIGH, "CFPAT-" URLSAFE_ "{43}", .tail = C_URLSAFE, .longest = 49, .entropy = 35),
    TOKEN("typeform_token", HIGH, "tfp_[0-9A-Za-z_.=-]{59}", .tail = C_URLSAFE | C_DOT | C_EQUALS, .longest = 64,
          .entropy = 35),
    TOKEN("frameio_token", HIGH, "fio-u-[0-9A-Za-z_=-]{64}", .tail = C_URLSAFE | C_EQUALS, .longest = 70,
          .entropy = 35),
    TOKEN("mapbox_token", HIGH, "[st]k\\.eyJ[0-9A-Za-z]{20}", .tail = C_URLSAFE | C_DOT, .longest = 400, .entropy = 38),
    TOKEN("mapbox_public_token", LOW, "pk\\.eyJ[0-9A-Za-z]{20}", .tail = C_URLSAFE | C_DOT, .longest = 400,
          .entropy = 38),
    TOKEN("dropbox_token", HIGH, "sl\\.[0-9A-Za-z_-]{80}", .tail = C_URLSAFE | C_EQUALS, .longest = 1500, .skip = 3,
          .entropy = 40),
    TOKEN("adafruit_key", MEDIUM, "aio_" ALNUM_ "{28}", .tail = C_WORD, .longest = 32, .skip = 4, .entropy = 33),
    TOKEN("maxmind_license", MEDIUM, "_mmk", .tail = C_WORD, .longest = 40, .head = C_WORD, .head_least = 36,
          .head_most = 36, .entropy = 35),
    TOKEN("settlemint_token", HIGH, "sm_(?:aat|pat|sat)_" ALNUM_ "{16}", .tail = C_WORD, .longest = 23, .skip = 7,
          .entropy = 25),
    TOKEN("onepassword_token", CRITICAL, "ops_eyJ[0-9A-Za-z+/]{100}", .tail = C_BASE64, .entropy = 40),
    TOKEN("onepassword_secret_key", CRITICAL,
          "A3-[0-9A-Z]{6}-(?:[0-9A-Z]{11}|[0-9A-Z]{6}-[0-9A-Z]{5})-[0-9A-Z]{5}-[0-9A-Z]{5}-[0-9A-Z]{5}",
          .tail = C_WORD | C_DASH, .longest = 40, .entropy = 33),
};

const rule_table rules_services = TABLE(rules);
