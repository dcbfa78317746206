import "@xyflow/react/dist/base.css";

import { useMantineColorScheme } from "@mantine/core";
import { useResizeObserver } from "@mantine/hooks";
import {
  type BuiltInEdge,
  Handle,
  type Node,
  type NodeProps,
  Position,
  ReactFlow,
  ReactFlowProvider,
  useReactFlow,
} from "@xyflow/react";
import { useEffect, useMemo } from "react";

import { runArrange } from "../api/run";
import { COLUMN_PIXELS, layOut, type Link, NODE, type Placed, turnAt } from "../api/run-layout";

import styles from "./run-flow.module.css";
import type { RunProps } from "./run-graph";
import { StageBox } from "./stage-box";

const ROW_PIXELS = 74;
const TURN_PIXELS = 8;

type StageFlowNode = Node<{ placed: Placed } & Pick<RunProps, "selected" | "onSelect">, "stage">;

const nodeTypes = { stage: StageFlowBox };

/** The run as a graph: what waits for what, where it is now, how long each stage took and waited. */
export function RunFlow(props: RunProps) {
  return (
    <ReactFlowProvider>
      <Flow {...props} />
    </ReactFlowProvider>
  );
}

function Flow({ incident, selected, onSelect }: RunProps) {
  const { colorScheme } = useMantineColorScheme();
  const { fitView } = useReactFlow();
  const [box, { width }] = useResizeObserver<HTMLDivElement>();
  const { placed, links, rows } = useMemo(() => layOut(runArrange(incident)), [incident]);
  const nodes = placed.map((each) => flowNode(each, { selected, onSelect }));
  const edges = links.map((link) => flowEdge(link, placed));

  useEffect(() => {
    void fitView({ maxZoom: 1, padding: 0.02 });
  }, [fitView, width, placed.length, rows]);

  return (
    <div ref={box} className={styles.flow} style={{ height: rows * ROW_PIXELS + 8 }}>
      <ReactFlow
        aria-label="The run as a graph; the list beside it says the same"
        colorMode={colorScheme === "auto" ? "system" : colorScheme}
        nodes={nodes}
        edges={edges}
        nodeTypes={nodeTypes}
        // The stages are buttons of their own; the graph is looked at, not drawn in.
        nodesDraggable={false}
        nodesConnectable={false}
        nodesFocusable={false}
        edgesFocusable={false}
        elementsSelectable={false}
        // A page that scrolls must not get stuck over the graph.
        zoomOnScroll={false}
        preventScrolling={false}
        zoomOnDoubleClick={false}
        minZoom={0.3}
        attributionPosition="bottom-left"
        fitView
        fitViewOptions={{ maxZoom: 1, padding: 0.02 }}
      />
    </div>
  );
}

function flowNode(placed: Placed, rest: Pick<RunProps, "selected" | "onSelect">): StageFlowNode {
  return {
    id: placed.id,
    type: "stage",
    position: { x: placed.column * COLUMN_PIXELS, y: placed.row * ROW_PIXELS },
    ...NODE,
    // A node that is neither selected nor dragged would let presses through to nothing.
    style: { pointerEvents: "all" },
    data: { placed, ...rest },
  };
}

function flowEdge({ from, to, way }: Link, placed: Placed[]): BuiltInEdge {
  const source = placed.find(({ id }) => id === from);
  const target = placed.find(({ id }) => id === to);
  const status = target?.node.status;
  const columns = (target?.column ?? 0) - (source?.column ?? 0);
  return {
    id: `${from} > ${to}`,
    source: from,
    target: to,
    sourceHandle: `${way}-out`,
    targetHandle: `${way}-in`,
    type: "smoothstep",
    // It turns between two rows or columns, not behind the boxes of the next one.
    pathOptions: { offset: TURN_PIXELS, ...(way === "side" && { stepPosition: turnAt(columns) }) },
    animated: status === "running",
    className: styles.edge ?? "",
    data: { status },
    ...(status === "to_come" || status === "not_run" ? { style: { strokeDasharray: "4 4" } } : {}),
    focusable: false,
  };
}

function StageFlowBox({ data: { placed, selected, onSelect } }: NodeProps<StageFlowNode>) {
  const { node, trial, which } = placed;
  const round = node.run && node.run.attempt > 1 ? `round ${node.run.attempt}` : "";
  return (
    <div className={`${styles.stage ?? ""} nodrag nopan`}>
      <StageBox
        node={node}
        selected={selected}
        onSelect={onSelect}
        which={which}
        {...(trial && { trial })}
        {...(round && { note: round })}
      />
      <Handle id="side-in" type="target" position={Position.Left} />
      <Handle id="side-out" type="source" position={Position.Right} />
      <Handle id="below-in" type="target" position={Position.Top} />
      <Handle id="below-out" type="source" position={Position.Bottom} />
    </div>
  );
}
