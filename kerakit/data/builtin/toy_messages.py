"""A toy set of short e-mails, ham and spam, put together from phrases at random.

It shows how a text classifier is trained and served, offline and in seconds. It says nothing
about real mail: its words are few, and they were written to be told apart.
"""

from __future__ import annotations

import string

import numpy as np

__all__ = ["messages"]

_HAM, _SPAM = 400, 200

_WORDS = {
    "name": "Anna|Ben|Chloe|David|Emma|Farid|Grace|Hugo|Ines|Jonas|Kofi|Lena|Marta|Nils|Olga",
    "day": "Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday",
    "hour": "8:30|9|10|11:15|noon|2 pm|3:30|4 pm|six|seven",
    "place": "the office|the station|room 12|the cafe|our house|the library",
    "thing": "the report|the slides|the contract|the photos|the budget|the draft",
    "food": "pizza|soup|a cake|bread|coffee|salad",
    "amount": "$500|$1,000|$2500|$10,000|$50,000|$1 million",
    "percent": "30%|50%|70%|80%|90%",
    "prize": "a new phone|a cruise|a gift card|a laptop|a holiday for two",
    "brand": "QuickLoan|MegaBank|PhoneWorld|ShopPlus|ParcelFast|VitaSlim",
    "number": "|".join(str(number) for number in range(2, 60)),
}

# Words such as free, offer, account, parcel and win occur in ham and in spam.
_HAM_PHRASES = (
    "Can we move the meeting to {day} at {hour}?",
    "I am free on {day} after {hour}, does that suit you?",
    "Please find {thing} attached.",
    "Thanks for {thing}, I will read it before {day}.",
    "See you at {place} at {hour}.",
    "{name} will bring {food}, and I bring {food}.",
    "Your parcel came to {place}, I put it on your desk.",
    "The train was late, so I will be at {place} by {hour}.",
    "Did {name} call you about {thing}?",
    "The team did win on {day}, {number} points ahead!",
    "We got an offer for the flat, shall we talk on {day}?",
    "I need {number} more copies of {thing} by {hour}.",
    "My account at the library has run out, can you lend me your card?",
    "Happy birthday! Lunch at {place} on {day}?",
    "Page {number} of {thing} has an error, could you check?",
    "Is there still {food} in the kitchen?",
    "{name} and I are going to {place}, do you want to come?",
    "The doctor can see you on {day} at {hour}.",
    "Sorry, I cannot make it on {day}, my son is ill.",
    "Let us talk about the money for the trip, it is {number} each.",
)
_SPAM_PHRASES = (
    "You win {prize}! Claim it now, it is free.",
    "Congratulations, you have been selected for {prize}.",
    "Get {percent} off today only, click here.",
    "Your {brand} account is locked. Confirm your password at once.",
    "Earn {amount} a week from home, no experience needed!",
    "A loan of {amount} is waiting for you, apply now with {brand}.",
    "FREE offer from {brand}: call now, {number} places left.",
    "Your parcel is held. Pay {number} dollars to {brand} to release it.",
    "Lose {number} pounds in a week with {brand}!!!",
    "This offer ends on {day}, do not miss {percent} off.",
    "Dear customer, your refund of {amount} is ready, send your card number.",
    "I need your help to move {amount} out of the country.",
    "Limited time: {prize} for the first {number} callers.",
    "Click the link to confirm your delivery from {brand}.",
    "Win big tonight, {number} free spins are on your account!",
    "URGENT: your payment to {brand} failed, update your card now.",
)
_EITHER_PHRASES = (
    "Please reply by {day}.",
    "Call me at {hour}.",
    "You will find all you need on page {number}.",
    "{day} is the last day.",
    "Do you have {number} minutes?",
    "I look forward to your answer.",
)
_GREETINGS = ("Hi {name},", "Hello {name},", "Hi,", "Hello,", "Dear {name},", "")
_HAM_CLOSINGS = ("See you, {name}", "Best, {name}", "Thanks, {name}", "{name}", "")
_SPAM_CLOSINGS = ("Your {brand} team", "Reply STOP to opt out", "{brand}", "Best, {name}", "")

# Spam imitates real mail: this fraction of the spam has a phrase of the ham too. And this
# fraction of all phrases occurs in both: no model can know the class of a message of such phrases.
_DISGUISED = 0.4
_EITHER = 0.25


def messages(seed: int = 0) -> tuple[list[str], list[str]]:
    """Generate a toy set of e-mails, of which one in three is spam.

    Args:
        seed: int in `[0, inf)`. The same seed gives the same messages. Defaults to `0`.

    Returns:
        `(texts, labels)`: two lists of 600 str. The texts are all different; the labels are
        `"ham"` (400) and `"spam"` (200), in random order.

    Example:

    >>> texts, labels = messages()
    >>> len(texts), labels.count("spam")
    (600, 200)
    >>> print(texts[0])
    Hi Jonas,
    I need 28 more copies of the draft by noon. Call me at noon.
    Lena
    """
    random = np.random.default_rng(seed)
    rows = {}
    for label, count in (("ham", _HAM), ("spam", _SPAM)):
        goal = len(rows) + count
        while len(rows) < goal:
            rows.setdefault(_message(label, random), label)
    texts = list(rows)
    order = random.permutation(len(texts))
    return [texts[index] for index in order], [rows[texts[index]] for index in order]


def _message(label, random):
    phrases, closings = _HAM_PHRASES, _HAM_CLOSINGS
    if label == "spam":
        phrases, closings = _SPAM_PHRASES, _SPAM_CLOSINGS
    body = [phrases[index] for index in random.permutation(len(phrases))[: random.integers(1, 4)]]
    body = [_pick(_EITHER_PHRASES, random) if random.random() < _EITHER else p for p in body]
    if label == "spam" and random.random() < _DISGUISED:
        body.insert(0, _pick(_HAM_PHRASES, random))
    lines = [_pick(_GREETINGS, random), " ".join(body), _pick(closings, random)]
    return "\n".join(_filled(line, random) for line in lines if line)


def _filled(line, random):
    """A line with a word drawn for each name in braces."""
    parts = string.Formatter().parse(line)
    return "".join(
        text + (_pick(_WORDS[slot].split("|"), random) if slot else "") for text, slot, *_ in parts
    )


def _pick(choices, random):
    return choices[random.integers(len(choices))]
