"""Compare and restore: whatever two operators, deaths and others' changes do in between, no foreign value is lost."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from controlplane.domain.emergency import EDGE_SETTING, EmergencyCard, Journal, Switch, acts, claimed, noted
from controlplane.domain.undo import Act, Entry, Next, Wanted, next_act

SETTING = "cloudflare:argo/smart_routing"
SCOPES = {"platform": "E1", "region:eu-central-1": "E2", "wedding:como": "E1"}


def test_a_setting_is_journaled_before_it_is_written_and_comes_back() -> None:
    """Journal, write, confirm; then write back and drop: at each point only one act is next."""
    first = next_act(Wanted("on"), None, "off")
    assert first == Next(Act.JOURNAL, Entry(before="off", ours=("on",)))
    assert next_act(Wanted("on"), first.entry, "off") == Next(Act.WRITE, first.entry, "on")
    confirmed = next_act(Wanted("on"), first.entry, "on")
    assert confirmed == Next(Act.CONFIRM, Entry(before="off", ours=("on",), is_written=True))
    assert next_act(Wanted("on"), confirmed.entry, "on").act is Act.NOTHING
    assert next_act(None, confirmed.entry, "on") == Next(Act.WRITE, confirmed.entry, "off")
    assert next_act(None, confirmed.entry, "off").act is Act.DROP


def test_what_others_changed_stays() -> None:
    """Also where they put back what stood there before us: that was their decision."""
    entry = Entry(before="off", ours=("on",), is_written=True)
    assert next_act(Wanted("on"), entry, "other").act is Act.KEEP
    assert next_act(Wanted("on"), entry, "off").act is Act.KEEP
    assert next_act(None, entry, "other") == Next(Act.KEEP)


def test_a_key_that_did_not_exist_is_gone_again() -> None:
    """None is a value like any other."""
    entry = next_act(Wanted("platform"), None, None).entry
    assert entry == Entry(before=None, ours=("platform",))
    assert next_act(None, entry, "platform") == Next(Act.WRITE, entry, None)


def test_scopes_stack_at_the_edge_as_words_elsewhere_the_last_one_counts() -> None:
    """Switching one off leaves what the others want."""
    journal = Journal()
    for number, (scope, words) in enumerate({"platform": "platform", "wedding:como": "a.example b.example"}.items(), 1):
        journal = claimed(journal, card(scope, number, {EDGE_SETTING: words}))
    assert journal.wanted(EDGE_SETTING) == Wanted("a.example b.example platform")
    journal = claimed(journal, card("platform", 3, {}, Switch.OFF))
    assert journal.wanted(EDGE_SETTING) == Wanted("a.example b.example")
    journal = claimed(journal, card("platform", 2, {EDGE_SETTING: "platform"}))
    assert "platform" not in journal.claims, "an older card than the scope's last changes nothing"


def card(scope: str, epoch: int, wants: dict[str, str | None], operation: Switch = Switch.ON) -> EmergencyCard:
    """A card of one scope."""
    return EmergencyCard(
        id=f"{operation.value}-{epoch}",
        operation=operation,
        target=scope,
        epoch=epoch,
        digest="",
        by="laptop",
        begun_at="2027-06-12T10:00:00Z",
        wants=wants,
    )


@dataclass
class World:
    """One setting, its journal, and who wrote what: every write of ours is checked against the journal as stored."""

    value: str | None = "foreign-0"
    journal: Journal = field(default_factory=Journal)
    foreign: str = "foreign-0"
    epoch: int = 0

    def switch(self, operation: Switch, scope: str, dies_after: int) -> bool:
        """One operator's switching, who dies after so many effects; whether it came to its end."""
        self.epoch += 1
        wants: dict[str, str | None] = {SETTING: SCOPES[scope]} if operation is Switch.ON else {}
        return self.perform(card(scope, self.epoch, wants, operation), dies_after)

    def perform(self, wanted: EmergencyCard, dies_after: int) -> bool:
        """Claim, then act until nothing is left or death."""
        for effect in range(dies_after):
            if effect == 0:
                self.journal = claimed(self.journal, wanted)
                continue
            steps = acts(self.journal, {SETTING: self.value})
            step = steps.get(SETTING, Next(Act.NOTHING))
            if step.act is Act.WRITE:
                self.write(step)
            elif noted(self.journal, steps) == self.journal:
                return True
            else:
                self.journal = noted(self.journal, steps)
        return False

    def write(self, step: Next) -> None:
        """Only over what the journal knows to bring back, or what is ours."""
        entry = self.journal.entries[SETTING]
        assert self.value in (entry.before, *entry.ours)
        if self.value == self.foreign:
            assert entry.before == self.foreign, "a foreign value is replaced only when the journal brings it back"
        self.value = step.value

    def change(self, number: int) -> None:
        """Somebody else's change, at the vendor's own console."""
        self.value = self.foreign = f"foreign-{number}"


HAPPENINGS = st.one_of(
    st.tuples(st.just("switch"), st.sampled_from(list(Switch)), st.sampled_from(sorted(SCOPES)), st.integers(1, 9)),
    st.tuples(st.just("foreign"), st.integers(1, 99)),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(HAPPENINGS, max_size=12))
def test_no_interleaving_loses_a_foreign_value(happenings: list[tuple[object, ...]]) -> None:
    """Operators come and die at any effect, others write in between; when all is off, the last foreign value stands."""
    world = World()
    for what, *rest in happenings:
        if what == "foreign":
            assert isinstance(rest[0], int)
            world.change(rest[0])
        else:
            operation, scope, dies_after = rest
            assert isinstance(operation, Switch)
            assert isinstance(scope, str)
            assert isinstance(dies_after, int)
            world.switch(operation, scope, dies_after)
    for scope in SCOPES:
        assert world.switch(Switch.OFF, scope, 20)
    assert world.value == world.foreign
    assert world.journal.entries == {}
    assert world.journal.claims == {}
