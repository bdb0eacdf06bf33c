// Where the elements of the core run: in the lab's own process, on either clock, or each in a process of its own.
import type { ElementKind, ElementSpecs } from "./element.ts";
import type { Element } from "./topology.ts";

export interface PlacedElement {
  /** Ends it as SIGKILL would: nothing of it acts any more. */
  kill(): void;
}

export interface Placement {
  /** Starts an element and waits until it is ready; rejects with a RuntimeError when its address cannot be had. */
  place<Kind extends ElementKind>(
    kind: Kind,
    element: Element,
    spec: ElementSpecs[Kind],
  ): Promise<PlacedElement>;
  /** Everything that the elements have sent until now is in the trace afterwards. */
  settle(): Promise<void>;
  /** Ends all elements. */
  close(): Promise<void>;
}
