"""What must not be joined although chains of agreements would join it."""

import itertools

import pytest

from warehouse.identity.holds import Edge, held_edges

A, B, C, D, E = range(1, 6)


def held(edges, own=None, apart=()):
    told = {}
    for one, other in apart:
        told.setdefault(one, set()).add(other)
        told.setdefault(other, set()).add(one)
    return {(one, other) for one, other, _ in held_edges([Edge(*edge) for edge in edges], own or {}, told)}


def test_a_component_with_one_number_holds_nothing():
    assert held([(A, B, 1), (B, C, 3)], {A: "X", B: "X"}) == set()


def test_two_numbers_joined_by_equals_hold_both_links():
    assert held([(A, B, 3), (B, C, 3)], {A: "X", C: "Y"}) == {(A, B), (B, C)}


def test_the_weaker_link_between_two_numbers_is_held_alone():
    assert held([(A, B, 2), (B, C, 3)], {A: "X", C: "Y"}) == {(B, C)}


def test_what_hangs_on_one_side_alone_is_joined_to_it():
    assert held([(A, B, 3), (B, C, 3), (A, D, 3), (D, E, 3)], {A: "X", C: "Y"}) == {(A, B), (B, C)}


def test_records_told_apart_are_kept_apart_however_strong_the_chain():
    assert held([(A, B, 1), (B, C, 2)], {}, apart=[(A, C)]) == {(B, C)}


def test_a_reviewer_may_join_two_numbers_and_a_rule_then_follows():
    assert held([(A, B, -7), (B, C, 3)], {A: "X", B: "Y", C: "X"}) == set()
    assert held([(A, B, -7), (B, C, 3)], {A: "X", B: "Y", C: "Z"}) == {(B, C)}


def test_of_decisions_that_contradict_each_other_the_newer_holds():
    assert held([(A, B, -9), (B, C, -8)], {}, apart=[(A, C)]) == {(B, C)}
    assert held([(A, B, -8), (B, C, -9)], {}, apart=[(A, C)]) == {(A, B)}


@pytest.mark.parametrize("seed", range(5))
def test_the_order_of_edges_changes_nothing_and_nothing_forbidden_is_left_joined(seed):
    import random

    rng = random.Random(seed)
    own = {vertex: rng.choice("XYZ") for vertex in range(1, 9) if rng.random() < 0.5}
    pairs = rng.sample(list(itertools.combinations(range(1, 9), 2)), 12)
    edges = [(a, b, rng.choice([1, 2, 3, 12])) for a, b in pairs if not (a in own and b in own and own[a] != own[b])]
    apart = [pair for pair in itertools.combinations(range(1, 9), 2) if rng.random() < 0.05 and pair not in {(a, b) for a, b, _ in edges}]
    found = held(edges, own, apart)
    for _ in range(3):
        rng.shuffle(edges)
        assert held(edges, own, apart) == found
    leader = {vertex: vertex for vertex in range(1, 9)}

    def root(vertex):
        while leader[vertex] != vertex:
            vertex = leader[vertex]
        return vertex

    for a, b, _ in edges:
        if (a, b) not in found:
            leader[root(a)] = root(b)
    for one, other in itertools.combinations(range(1, 9), 2):
        if root(one) == root(other):
            assert own.get(one, own.get(other)) == own.get(other, own.get(one))
            assert (one, other) not in apart
