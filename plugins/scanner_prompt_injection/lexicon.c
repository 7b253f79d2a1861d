/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * The lists are written as people read them: one class, its words in folded form, "*" for whatever may follow a stem.
 * They are sorted once. Each entry then knows the nearest stem that it begins with, so that a look-up is one binary
 * search and a short chain, however many stems there are.
 */
#include <stdlib.h>
#include <string.h>

#include "lexicon.h"

typedef struct list {
    uint64_t classes;
    const char *words;
} list;

static const list lists[] = {
    {EARLIER,
     "previous* prior above preceding earlier foregoing initial* original former past old existing allprevious "
     "starting hidden underlying current "
     "vorherig* vorige* bisherig* vorangegangen* obig* oben fruher* vorangehend* ursprunglich* "
     "precedent* anterieur* initiales ci dessus "
     "anterior* previ* inicial* arriba acima "
     "sopra inizial* "
     "voorgaand* vorig* eerder* bovenstaand* "
     "poprzedni* wczesniejsz* powyzsz* dotychczasow* "
     "tidigare foregaende ovanstaende tidligere forrige ovenstaende aiemm* aikaisem* edelli* "
     "predchoz* predosl* korabbi elozo onceki yukaridaki "
     "предыдущ* прежн* попередн* ранее выше вышеуказанн* попередн*"},
    {YOUR,
     "your yours youre youve dein* ihre* deine* votre vos tes ton tu tus su sus tuas suas seu seus tue tuoi tua vostre "
     "je uw jouw twoj* twoje swoje wasze dina dine ditt tvoje твои ваши свои"},
    {ALL, "all any every each those these other everybody alle* samtlich* saemtlich* jede* tout* tous tod* cualquier* "
          "tutt* ogni qualsiasi todo* todas qualquer wszystki* wszelki* alla kaikki vsechny vsetky toate toat* minden "
          "tum butun "
          "все всі усі всех"},
    {INSTRUCTION, "instruction* directive* directions prompt* prompting programming "
                  "anweisung* anleitung* vorgabe* instruktion* befehl* anordnung* "
                  "consigne* ordres invite "
                  "instruccion* indicacion* orden* directric* "
                  "istruzion* indicazion* direttiv* comand* "
                  "instruc* orientac* diretriz* ordens "
                  "instructie* opdracht* aanwijzing* "
                  "instrukcj* polecen* wskazowk* "
                  "instruks* anvisning* ohjee* ohjeet "
                  "pokyn* instructiun* instructiuni* utasitas* talimat* komut* "
                  "инструкци* указани* команд* інструкці* вказівк*"},
    {RULE_WORD,
     "orders commands rule* guideline* polic* restriction* constraint* training ethic* moral* safeguards guardrails "
     "filters limitations censorship regeln richtlinien regles reglas normas regole regras "
     "regels richtlijnen zasad* regul* regler reglar pravidla правил* ограничени*"},
    {MATERIAL,
     "text message* conversation context content* input* document* webpage page website site article email mail "
     "resume paper table image data function evidence indicators code output* request chat "
     "summary candidate dokument* seite texte page texto pagina testo texten nachrichten kontext"},
    {EVERYTHING, "everything anything all what whatever alles tout todo tutto tudo wszystko allt alt все"},
    {SAID, "said told instructed given learned learnt know knew wrote written been asked taught "
           "gesagt dit dicho detto disse gezegd powiedziano sagt сказан* говори*"},
    {NEGATION, "istanbul eslint prettier not never dont do_not cannot cant shouldnt wont doesnt didnt isnt avoid "
               "without nicht niemals jamais pas nunca "
               "non nao niet nooit nie не"},
    {OUTPUT,
     "print say state output write respond reply return answer report display tell repeat send execute translate "
     "schreib* antworte* sage ecris ecrivez reponds di escribe responde scrivi rispondi escreva napisz skriv "
     "напиши скажи ответь"},
    {ONLY, "just only instead simply exclusively solely nur stattdessen seulement plutot solo solamente invece apenas "
           "alleen tylko bara только"},
    {REVEAL,
     "reveal* repeat* print* show* output* display* list expose* leak* dump* disclose* divulge* recite* relay* "
     "reproduce* echo encode* copy translate* spell verbatim write recall restate quote quoting "
     "share tell whats say summarize paraphrase "
     "zeig* nenne verrate gib wiederhole affiche* montre* repete* revele* muestra* revela* repite* dime mostra* "
     "rivela* ripeti mostre repita toon herhaal pokaz powtorz ujawnij visa upprepa "
     "покажи повтори раскрой выведи"},
    {GIVE, "how give provide complete continue what where describe explain start answer opposite finish fill"},
    {MODEL, "ai llm llms chatgpt gpt assistant chatbot claude copilot gemini bard llama openai anthropic robot ki ia "
            "sztuczna ии"},
    {PROGRAM, "model* bot bots agent* system* automated screening software scanner* language analysis machine"},
    {UNBOUND, "unrestricted unfiltered uncensored jailbroken jailbreak* amoral unethical dan evil unlimited unbound "
              "unaligned rogue lawless exception"},
    {MODE, "mode modus modo"},
    {USER, "user users human humans operator customer victim owner person people anyone client benutzer nutzer "
           "utilisateur usuario utente gebruiker uzytkownik* пользовател*"},
    {THIS, "this that it about why any its them these anything which"},
    {SENSITIVE,
     "password* passwort passphrase secret* credential* ssh id_rsa id_ed25519 env aws kube mcp api_key apikey "
     "api key keys token* cookie* private history conversation* config* session"},
    {FETCH, "read open load fetch cat access retrieve get look"},
    {PASS, "pass send sent include put provide forward append upload post embed attach supply insert transmit "
           "email exfiltrate bcc share deliver"},
    {PARAMETER, "parameter* argument* field* param sidenote variable header url"},
    {TOOL, "tool tools function functions mcp server"},
    {MUST, "must always should need needs required shall necessary mandatory important never ensure critical"},
    {YOU, "you youre youve youll du sie tu vous usted tú lei voce ты вы"},
    {BEHAVE, "act acting acts pretend pretending respond responds behave roleplay answer answers speak simulate play "
             "assume embody become obey comply reply talk impersonate adopt"},
    {IGNORE, "ignore ignores ignoring disregard disregarding forget override overrule bypass discard disobey neglect "
             "supersede"},
    {ACTIVATED, "activated enabled activate enable entering entered enter initiated initiating engaged unlocked "
                "initialized initialised off on activating now unlock engage"},
    {BEGIN, "begin* begins prefix start starts end ends ending follow follows following here below stop"},
    {INDEFINITE, "a an new my custom better good own different our design create creating edit"},
    {ELSE,
     "else word deviate verbatim exactly exact nothing anything those everything stop nevermind regardless twice times "
     "whatever"},
    {JUDGEMENT,
     "scoring evaluat* review* score* judgement judgment assessment ranking rating grading screening decision*"},
    {START, "beginning before start conversation session chat earlier initially prior secret"},
    {CALL, "using use used calling call calls called invoked invoking invoke executing execute running run"},
    {GRANT, "confirm disable unlock reveal show provide give forget ignore grant override bypass print display share "
            "remove need enter"},
    {WHOLLY, "all any every allprevious"},
    {NOTE, "note* message* attention notice instruction* important profile hint warning reminder dear comment metadata "
           "information"},
    {ADDRESS, "to for dear hey hello attention all any"},
    {HIDDEN, "invisible hidden unseen visible"},
    {IF, "if when"},
    {SPEAKER, "i ive been were"},
    {DEVIATE, "deviate verbatim"},
    {CONTENTS,
     "content contents file files history conversation messages text output result everything context details"},
};

typedef struct entry {
    const char *stem;
    uint16_t length;
    uint16_t is_prefix;
    int32_t nearest; /* index of the longest other stem that this one begins with; -1 if there is none */
    uint64_t classes;
} entry;

struct lexicon {
    int32_t count;
    entry entries[];
};

static int compare(const char *a, size_t a_length, const char *b, size_t b_length)
{
    int order = memcmp(a, b, a_length < b_length ? a_length : b_length);

    return order ? order : (a_length > b_length) - (a_length < b_length);
}

static int by_stem(const void *a, const void *b)
{
    const entry *x = a, *y = b;
    int order = compare(x->stem, x->length, y->stem, y->length);

    return order ? order : y->is_prefix - x->is_prefix; /* a word finds itself first, then the stem */
}

static int begins_with(const char *text, size_t length, const entry *stem)
{
    return length >= stem->length && memcmp(text, stem->stem, stem->length) == 0;
}

/* The entries of one list; with `entries` NULL they are only counted. */
static int32_t split(const list *from, entry *entries)
{
    const char *at = from->words;
    int32_t count = 0;

    while (*at) {
        size_t length = strcspn(at, " ");
        int is_prefix = at[length - 1] == '*';

        if (entries) {
            entries[count] = (entry){at, (uint16_t)(length - (size_t)is_prefix), (uint16_t)is_prefix, -1,
                                     from->classes};
        }
        count++;
        at += length + (at[length] == ' ');
    }
    return count;
}

/* One entry for one stem, with all its classes. */
static void join(lexicon *made)
{
    int32_t kept = 0, i;

    for (i = 1; i < made->count; i++) {
        if (by_stem(&made->entries[kept], &made->entries[i]) == 0) {
            made->entries[kept].classes |= made->entries[i].classes;
        } else {
            made->entries[++kept] = made->entries[i];
        }
    }
    made->count = kept + 1;
}

static void chain(lexicon *made)
{
    int32_t i, candidate;

    for (i = 1; i < made->count; i++) {
        candidate = i - 1;
        while (candidate >= 0 &&
               !(made->entries[candidate].is_prefix &&
                 begins_with(made->entries[i].stem, made->entries[i].length, &made->entries[candidate]))) {
            candidate = made->entries[candidate].nearest;
        }
        made->entries[i].nearest = candidate;
    }
}

lexicon *lexicon_create(void)
{
    const size_t count = sizeof(lists) / sizeof(lists[0]);
    int32_t total = 0;
    lexicon *made;
    size_t i;

    for (i = 0; i < count; i++) {
        total += split(&lists[i], NULL);
    }
    made = calloc(1, sizeof(*made) + (size_t)total * sizeof(entry));
    if (!made) {
        return NULL;
    }
    for (i = 0; i < count; i++) {
        made->count += split(&lists[i], made->entries + made->count);
    }
    qsort(made->entries, (size_t)made->count, sizeof(entry), by_stem);
    join(made);
    chain(made);
    return made;
}

void lexicon_destroy(lexicon *made)
{
    free(made);
}

uint64_t lexicon_classes(const lexicon *known, const word *read)
{
    int32_t low = 0, high = known->count, at;
    uint64_t classes = 0;

    while (low < high) { /* the first entry that is greater */
        int32_t middle = low + (high - low) / 2;
        const entry *tried = &known->entries[middle];

        if (compare(tried->stem, tried->length, read->folded, read->length) <= 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    for (at = low - 1; at >= 0; at = known->entries[at].nearest) {
        const entry *tried = &known->entries[at];

        if (begins_with(read->folded, read->length, tried) && (tried->is_prefix || tried->length == read->length)) {
            classes |= tried->classes;
        }
    }
    return classes;
}
