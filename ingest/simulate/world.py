"""`simulate` plays the world of a plan; `truth` counts what there was to find in it."""

from collections.abc import Iterator
from itertools import chain, cycle, islice
from typing import Any

from ingest.simulate.days import learner_day
from ingest.simulate.dice import DAY, Dice
from ingest.simulate.meetings import meeting, meeting_size
from ingest.simulate.noise import Message, Noise
from ingest.simulate.plan import Plan
from ingest.simulate.shop import shop_visit
from ingest.simulate.site import Course, Event, Person, courses, people
from ingest.simulate.truth import truth_of

EVENTS_OF_A_LEARNER = 30  # on a day, for the size of the population: busier days need more people
MEETINGS = 0.03  # of what is going on
SHOPPING = 0.35
ANONYMOUS = 0.5  # of the shoppers


def simulate(plan: Plan) -> Iterator[Message]:
    """Every record of the plan in the order of arrival."""
    noise = Noise(plan)
    waiting: list[Message] = []
    number = 0
    for begin, events in _days(plan):
        for event in events:
            waiting.extend(noise.arrivals(number, event))
            number += 1
        waiting.sort()  # by arrival, then rank: no two are alike
        arrived = [record for record in waiting if record.at < begin + DAY]
        waiting = waiting[len(arrived) :]
        yield from arrived
    yield from waiting


def truth(plan: Plan) -> dict[str, Any]:
    """What a warehouse must find in the stream, counted from the stream; see `truth.py`."""
    return truth_of((sent.topic, sent.value, sent.produced_at) for sent in simulate(plan))


def _days(plan: Plan) -> Iterator[tuple[int, Iterator[Event]]]:
    """The start of each day and what begins on it; `plan.events` events in all, to the event.

    The events of a day are to be taken before the next day is asked for.
    """
    dice = Dice(plan.seed)
    busiest = plan.events // plan.days + 1
    learners = people(dice, busiest // EVENTS_OF_A_LEARNER)
    classes = [
        (course, [person for person in learners if course in person.courses])
        for course in courses()
    ]
    end = plan.end
    for day in range(plan.days):
        begin = end - (plan.days - day) * DAY
        quota = plan.events * (day + 1) // plan.days - plan.events * day // plan.days
        happening = chain.from_iterable(_doings(dice, learners, classes, begin))
        in_time = (event for event in happening if event.at < end)
        yield begin, islice(in_time, quota)


def _doings(
    dice: Dice, learners: list[Person], classes: list[tuple[Course, list[Person]]], begin: int
) -> Iterator[Iterator[Event]]:
    """What people do on a day, without end: whoever has enough of it stops."""
    turns = cycle(dice.sample(learners, len(learners)))
    while True:
        draw = dice.random()
        if draw < MEETINGS:
            course, learners_of_it = dice.pick(classes)
            size = min(meeting_size(dice), len(learners_of_it))
            yield meeting(dice, course, dice.sample(learners_of_it, size), begin)
        elif draw < SHOPPING:
            person = None if dice.chance(ANONYMOUS) else next(turns)
            yield shop_visit(dice, person, begin)
        else:
            yield learner_day(dice, next(turns), begin)
