/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file lexicon.h
 * Which classes a word belongs to. A single word never is a finding: rules ask for words of several classes together.
 */
#ifndef SCANNER_PROMPT_INJECTION_LEXICON_H
#define SCANNER_PROMPT_INJECTION_LEXICON_H

#include "words.h"

#define CLASS(BIT) (UINT64_C(1) << (BIT))

#define EARLIER CLASS(0)     /* previous, above, prior, original */
#define YOUR CLASS(1)        /* your */
#define ALL CLASS(2)         /* all, any, every, those */
#define INSTRUCTION CLASS(3) /* instructions, directives, prompt */
#define RULE_WORD CLASS(4)   /* rules, guidelines, training */
#define MATERIAL CLASS(5)    /* text, page, document: what a model is given to read */
#define EVERYTHING CLASS(6)  /* everything, anything, what */
#define SAID CLASS(7)        /* said, told, instructed */
#define NEGATION CLASS(8)    /* not, never */
#define OUTPUT CLASS(9)      /* print, say, state */
#define ONLY CLASS(10)       /* just, only, instead */
#define REVEAL CLASS(11)     /* reveal, repeat, show */
#define GIVE CLASS(12)       /* give, provide, complete: weaker than REVEAL */
#define MODEL CLASS(13)      /* ai, assistant, llm */
#define PROGRAM CLASS(14)    /* model, bot, agent, system: weaker than MODEL */
#define UNBOUND CLASS(15)    /* unrestricted, unfiltered */
#define MODE CLASS(16)       /* mode */
#define USER CLASS(17)       /* user, human */
#define THIS CLASS(18)       /* this, that, it, about */
#define SENSITIVE CLASS(19)  /* password, ssh, credentials */
#define FETCH CLASS(20)      /* read, open, fetch */
#define PASS CLASS(21)       /* send, pass, include */
#define PARAMETER CLASS(22)  /* parameter, argument, field */
#define TOOL CLASS(23)       /* tool, function */
#define MUST CLASS(24)       /* must, always */
#define YOU CLASS(25)        /* you */
#define BEHAVE CLASS(26)     /* act, pretend, respond */
#define IGNORE CLASS(27)     /* ignore, disregard */
#define ACTIVATED CLASS(28)  /* enabled, entering */
#define BEGIN CLASS(29)      /* begin, end, follow */
#define INDEFINITE CLASS(30) /* a, new, my */
#define ELSE CLASS(31)       /* else, deviate, verbatim, exactly */
#define JUDGEMENT CLASS(32)  /* scoring, evaluation */
#define START CLASS(33)      /* beginning, before, conversation */
#define CALL CLASS(34)       /* using, calling, invoke */
#define GRANT CLASS(35)      /* confirm, disable, unlock: asked for by one who claims authority */
#define QUOTED CLASS(36)     /* set by the reader: a colon or a quotation mark follows */
#define WHOLLY CLASS(39)     /* all, any, every: not those */
#define NOTE CLASS(40)       /* note, message, attention */
#define ADDRESS CLASS(41)    /* to, for, dear */
#define HIDDEN CLASS(42)     /* invisible, hidden */
#define IF CLASS(43)         /* if */
#define SPEAKER CLASS(44)    /* i, been */
#define DEVIATE CLASS(38)    /* deviate, verbatim */
#define CONTENTS CLASS(37)   /* contents, file, history */

typedef struct lexicon lexicon;

/** On the heap, read-only then; NULL if there is no memory. */
lexicon *lexicon_create(void);
void lexicon_destroy(lexicon *made);

/** The classes of a word; 0 if it is in none. */
uint64_t lexicon_classes(const lexicon *known, const word *read);

#endif
