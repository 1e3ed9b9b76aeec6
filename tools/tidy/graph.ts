// Circles of a directed graph, for the rules about imports, includes and calls.

/** From a node to the nodes that it needs. */
export type Graph = ReadonlyMap<string, ReadonlySet<string>>;

/**
 * The sets of nodes that reach each other, by Tarjan's algorithm; a node that needs itself is a set of
 * one. Each set and the list are sorted.
 */
export function circlesOf(graph: Graph): string[][] {
  const order = new Map<string, number>();
  const lowest = new Map<string, number>();
  const open: string[] = [];
  const circles: string[][] = [];

  function visit(node: string): number {
    const mine = order.size;
    order.set(node, mine);
    lowest.set(node, mine);
    open.push(node);
    for (const next of graph.get(node) ?? []) {
      const reached = order.has(next) ? (open.includes(next) ? order.get(next)! : mine) : visit(next);
      lowest.set(node, Math.min(lowest.get(node)!, reached));
    }
    if (lowest.get(node) === mine) {
      const members = open.splice(open.indexOf(node));
      if (members.length > 1 || graph.get(node)?.has(node)) circles.push(members.sort());
    }
    return lowest.get(node)!;
  }

  for (const node of [...graph.keys()].sort()) if (!order.has(node)) visit(node);
  return circles.sort();
}
