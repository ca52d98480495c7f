"""What must not be joined although chains of agreements would join it: the weakest links are held for review.

What belongs here: components that would hold two persons' own ID numbers, one number's two bearers, or two records that a reviewer told
apart; and which of their edges are held. What does not: single pairs (`tiers.py`) and the graph itself (`components.py`).

Edges are taken strongest first, all of one strength together, so that the outcome depends on no order of rows. Where a strength would
join what must stay apart, the edges of that strength on the ways between are held; what hangs on one side alone is joined to it.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import duckdb

from warehouse.identity.components import contract


@dataclass(frozen=True)
class Edge:
    """Two records that are to be one person, and how strong the reason is (smaller is stronger)."""

    a: int
    b: int
    strength: int


def hold_conflicts(con: duckdb.DuckDBPyConnection) -> int:
    """Write `match_held` (a, b, reason) and `match_components` (vertex, root) of what remains; vertices are places of records.

    Reads `match_edges` (a, b, strength, is_decided), `match_apart` (a, b: never one person) and `match_paired`.

    Returns:
        Rounds of contraction.
    """
    rounds = contract(con, "match_edges", "match_components")
    con.execute("create or replace temp table match_held (a bigint, b bigint, reason varchar)")
    con.execute("""
        create or replace temp table conflicts as
        select components.root
        from match_components as components
        inner join match_paired as records on components.vertex = records.place
        where records.own_id is not null
        group by components.root
        having count(distinct records.own_id) > 1
        union
        select one.root
        from match_apart as apart
        inner join match_components as one on apart.a = one.vertex
        inner join match_components as other on apart.b = other.vertex
        where one.root = other.root
    """)
    if con.execute("select count(*) from conflicts").fetchone()[0]:
        held = _hold(con)
        if held:
            con.executemany("insert into match_held values (?, ?, ?)", held)
            con.execute("create or replace temp table match_edges_kept as select * from match_edges anti join match_held using (a, b)")
            rounds += contract(con, "match_edges_kept", "match_components")
            con.execute("drop table match_edges_kept")
    con.execute("drop table conflicts")
    return rounds


def _hold(con: duckdb.DuckDBPyConnection) -> list[tuple[int, int, str]]:
    rows = con.execute("""
        select components.root, edges.a, edges.b, edges.strength
        from match_edges as edges
        inner join match_components as components on edges.a = components.vertex
        inner join conflicts on components.root = conflicts.root
        order by components.root, edges.strength, edges.a, edges.b
    """).fetchall()
    edges: dict[int, list[Edge]] = defaultdict(list)
    for root, a, b, strength in rows:
        edges[root].append(Edge(a, b, strength))
    own = dict(
        con.execute("""
            select components.vertex, records.own_id
            from match_components as components
            inner join conflicts on components.root = conflicts.root
            inner join match_paired as records on components.vertex = records.place
            where records.own_id is not null
        """).fetchall()
    )
    apart: dict[int, set[int]] = defaultdict(set)
    for a, b in con.execute("select a, b from match_apart").fetchall():
        apart[a].add(b)
        apart[b].add(a)
    return [held for root in sorted(edges) for held in held_edges(edges[root], own, apart)]


def held_edges(edges: list[Edge], own: dict[int, str], apart: dict[int, set[int]]) -> list[tuple[int, int, str]]:
    """The edges of one component that must be held.

    Args:
        edges: all edges of the component; strength 0 or less is a reviewer's decision, the newest the smallest.
        own: ID number of its own of each record that has one.
        apart: records that a record is never one person with.

    Returns:
        Edges held, with the reason: `two_ids`, or `told_apart`.
    """
    groups = _Groups(edges, own, apart)
    held: list[tuple[int, int, str]] = []
    for strength in sorted({edge.strength for edge in edges}):
        level = [edge for edge in edges if edge.strength == strength]
        if strength <= 0:
            held += [found for edge in level for found in groups.decide(edge)]
        else:
            held += groups.join(level)
    return held


class _Groups:
    """Records joined so far: who is together, and which numbers a reviewer has declared to be one person's."""

    def __init__(self, edges: list[Edge], own: dict[int, str], apart: dict[int, set[int]]) -> None:
        vertices = sorted({vertex for edge in edges for vertex in (edge.a, edge.b)})
        self.own, self.apart = own, apart
        self.leader = {vertex: vertex for vertex in vertices}
        self.members = {vertex: [vertex] for vertex in vertices}
        self.alias: dict[str, str] = {}

    def decide(self, edge: Edge) -> list[tuple[int, int, str]]:
        """A reviewer's `same` joins whatever numbers there are, but not what a reviewer told apart."""
        one, other = self.leader[edge.a], self.leader[edge.b]
        if one == other:
            return []
        if self._told_apart([one, other]):
            return [(edge.a, edge.b, "told_apart")]
        numbers = sorted(self._numbers([one, other]))
        for number in numbers[1:]:
            self.alias[number] = numbers[0]
        self._unite([one, other])
        return []

    def join(self, level: list[Edge]) -> list[tuple[int, int, str]]:
        """Join what edges of one strength join, unless it must stay apart."""
        neighbours: dict[int, set[int]] = defaultdict(set)
        for edge in level:
            one, other = self.leader[edge.a], self.leader[edge.b]
            if one != other:
                neighbours[one].add(other)
                neighbours[other].add(one)
        held: list[tuple[int, int, str]] = []
        for cluster in _clusters(neighbours):
            reason = self._conflict(cluster)
            if reason is None:
                self._unite(cluster)
                continue
            between = self._between(cluster, neighbours)
            for dangling in _clusters({group: neighbours[group] - between if group in between else neighbours[group] for group in cluster}):
                self._unite_if_free(dangling)
            held += [
                (edge.a, edge.b, reason)
                for edge in level
                if self.leader[edge.a] != self.leader[edge.b] and (self.leader[edge.a] in self._leaders(cluster))
            ]
        return held

    def _between(self, cluster: list[int], neighbours: dict[int, set[int]]) -> set[int]:
        """Groups on the ways between groups that must stay apart: what is left when loose ends without a number are taken off."""
        left = {group: set(neighbours[group]) for group in cluster}
        fixed = {group for group in cluster if self._numbers([group]) or any(self.apart.get(member) for member in self.members[group])}
        ends = sorted(group for group in left if len(left[group]) == 1 and group not in fixed)
        while ends:
            for end in ends:
                for other in left.pop(end):
                    left[other].discard(end)
            ends = sorted(group for group in left if len(left[group]) == 1 and group not in fixed)
        return set(left)

    def _unite_if_free(self, cluster: list[int]) -> None:
        if len(cluster) > 1 and self._conflict(cluster) is None:
            self._unite(cluster)

    def _leaders(self, cluster: list[int]) -> set[int]:
        return {self.leader[group] for group in cluster}

    def _unite(self, cluster: list[int]) -> None:
        first = min(cluster)
        for group in cluster:
            if group != first:
                for member in self.members[group]:
                    self.leader[member] = first
                self.members[first] += self.members.pop(group)

    def _numbers(self, cluster: list[int]) -> set[str]:
        found = {self.own[member] for group in cluster for member in self.members[group] if member in self.own}
        return {self._one_of(number) for number in found}

    def _one_of(self, number: str) -> str:
        while number in self.alias and self.alias[number] != number:
            number = self.alias[number]
        return number

    def _told_apart(self, cluster: list[int]) -> bool:
        members = {member for group in cluster for member in self.members[group]}
        return any(self.apart.get(member, set()) & members for member in members)

    def _conflict(self, cluster: list[int]) -> str | None:
        if self._told_apart(cluster):
            return "told_apart"
        return "two_ids" if len(self._numbers(cluster)) > 1 else None


def _clusters(neighbours: dict[int, set[int]]) -> list[list[int]]:
    """Connected groups, each in order."""
    found, seen = [], set()
    for start in sorted(neighbours):
        if start in seen:
            continue
        cluster, ahead = [], [start]
        seen.add(start)
        while ahead:
            group = ahead.pop()
            cluster.append(group)
            fresh = sorted(neighbours.get(group, set()) - seen)
            seen.update(fresh)
            ahead += fresh
        found.append(sorted(cluster))
    return found
