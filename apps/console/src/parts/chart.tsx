// Cycle times over the time of day, by uPlot: a point a chip. What it shows stands beside it in words, for
// those who do not see it.

import type { BoardResult } from '@firmseal/authority-contract';
import { useEffect, useRef } from 'react';
import uPlot from 'uplot';

const heightPixels = 220;
/** Results of one moment are not spread over the whole width. */
const leastSpanSeconds = 120;

/** The results, with some room at both ends. */
function timeRange(first: number, last: number): uPlot.Range.MinMax {
  const span = Math.max(leastSpanSeconds, (last - first) * 1.04);
  const middle = (first + last) / 2;
  return [middle - span / 2, middle + span / 2];
}

const clockFormat = new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium' });

/** Results that are no PASS are drawn apart. */
function series(results: readonly BoardResult[]): uPlot.AlignedData {
  const ordered = results.toSorted((a, b) => a.atMs - b.atMs);
  const seconds = (wanted: boolean) =>
    ordered.map(({ totalMs, outcome }) => ((outcome === 'pass') === wanted ? totalMs / 1000 : null));
  return [ordered.map(({ atMs }) => atMs / 1000), seconds(true), seconds(false)];
}

function optionsOf(element: HTMLElement): uPlot.Options {
  const style = getComputedStyle(element);
  const color = (name: string) => style.getPropertyValue(name).trim();
  const axis = {
    stroke: color('--dim'),
    grid: { stroke: color('--edge'), width: 1 },
    ticks: { show: false },
  };
  const points = (name: string) => ({
    ...{ stroke: color(name), fill: color(name), paths: () => null },
    points: { show: true, size: 6, fill: color(name) },
  });
  return {
    ...{ width: element.clientWidth, height: heightPixels },
    legend: { show: false },
    cursor: { show: false },
    scales: {
      x: { range: (_, first, last) => timeRange(first ?? 0, last ?? 0) },
      y: { range: (_, __, most) => [0, Math.max(1, (most ?? 0) * 1.1)] },
    },
    axes: [
      { ...axis, values: (_, ticks) => ticks.map((tick) => clockFormat.format(tick * 1000)) },
      { ...axis, values: (_, ticks) => ticks.map((tick) => `${tick} s`), size: 56 },
    ],
    series: [{}, points('--good'), points('--bad')],
  };
}

/** `theme`: the chart is drawn again when the colours change. */
export function CycleChart({ results, theme }: { results: readonly BoardResult[]; theme: string }) {
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot>(undefined);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the theme changes the colours that are read
  useEffect(() => {
    const element = place.current!;
    const made = new uPlot(optionsOf(element), [[], [], []], element);
    chart.current = made;
    const watch = new ResizeObserver(() =>
      made.setSize({ width: element.clientWidth, height: heightPixels }),
    );
    watch.observe(element);
    return () => {
      watch.disconnect();
      made.destroy();
    };
  }, [theme]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new chart gets the data too
  useEffect(() => chart.current?.setData(series(results)), [results, theme]);
  return <div className="chart" ref={place} aria-hidden="true" />;
}
