"""Connected components of a graph of records, by contraction in SQL.

What belongs here: from edges to components, whatever the edges mean. What does not: which records agree (`tiers.py`).
"""

from __future__ import annotations

import duckdb


def contract(con: duckdb.DuckDBPyConnection, edges: str, components: str) -> int:
    """Write the component of every vertex that has an edge.

    Each round every vertex points to its smallest neighbour, pointers are followed to their end (their length halves at each step, so
    that a long chain costs little), and the edges are drawn between the ends that are left.

    Args:
        con: connection to the database that holds both tables.
        edges: name of a table with the columns `a` and `b` (whole numbers), in any direction, repetitions allowed.
        components: name of the table to write: `vertex`, `root`, where the root is the smallest vertex of the component.

    Returns:
        Rounds that it took.
    """
    con.execute(f"create or replace temp table contraction_edges as select distinct a, b from {edges} where a <> b")
    con.execute(f"""
        create or replace temp table {components} as
        select a as vertex, a as root from contraction_edges
        union
        select b as vertex, b as root from contraction_edges
    """)
    rounds = 0
    while con.execute("select count(*) from contraction_edges").fetchone()[0]:
        rounds += 1
        con.execute("""
            create or replace temp table contraction_pointers as
            select vertex, least(vertex, min(neighbour)) as target
            from (
                select a as vertex, b as neighbour from contraction_edges
                union all
                select b as vertex, a as neighbour from contraction_edges
            ) as neighbours
            group by vertex
        """)
        while con.execute("""
            select count(*)
            from contraction_pointers as pointers
            inner join contraction_pointers as ends on pointers.target = ends.vertex
            where ends.target <> pointers.target
        """).fetchone()[0]:
            con.execute("""
                create or replace temp table contraction_pointers as
                select pointers.vertex, ends.target
                from contraction_pointers as pointers
                inner join contraction_pointers as ends on pointers.target = ends.vertex
            """)
        con.execute(f"""
            create or replace temp table {components} as
            select known.vertex, coalesce(pointers.target, known.root) as root
            from {components} as known
            left join contraction_pointers as pointers on known.root = pointers.vertex
        """)
        # In two steps: asked for both ends at once, the optimizer may join the two sets of pointers by their inequality, all with all.
        con.execute("""
            create or replace temp table contraction_edges as
            select ends.target as a, edges.b
            from contraction_edges as edges
            inner join contraction_pointers as ends on edges.a = ends.vertex
        """)
        con.execute("""
            create or replace temp table contraction_edges as
            select distinct edges.a, ends.target as b
            from contraction_edges as edges
            inner join contraction_pointers as ends on edges.b = ends.vertex
        """)
        con.execute("delete from contraction_edges where a = b")
    con.execute("drop table if exists contraction_edges")
    con.execute("drop table if exists contraction_pointers")
    return rounds
