use super::op::{Op, Shape};

/// A value of a [`Graph`]: the images, or the output of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ValueId(usize);

impl ValueId {
    /// The images.
    pub const IMAGES: Self = Self(0);

    pub(crate) const fn at(index: usize) -> Self {
        Self(index)
    }

    /// Returns its place among all values: the images, then each node's output.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0
    }
}

/// An operation on values.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// Path of the layer it belongs to, such as `body.0`.
    pub layer: String,
    /// Its computation.
    pub op: Op,
    /// The values that it reads.
    pub inputs: Vec<ValueId>,
    /// The shape of its output.
    pub shape: Shape,
    /// Index in [`Plan::ranges`](super::Plan::ranges) if its output is rounded to a byte in training.
    pub range: Option<usize>,
}

/// The computation of a net: operations in topological order, each of whose outputs is one value that never changes
/// (static single assignment).
#[derive(Debug, Clone, PartialEq)]
pub struct Graph {
    images: Shape,
    nodes: Vec<Node>,
    output: ValueId,
}

impl Graph {
    /// Returns a graph without nodes, whose output is the images.
    #[must_use]
    pub fn new(images: Shape) -> Self {
        Self { images, nodes: vec![], output: ValueId::IMAGES }
    }

    /// Appends a node, and returns its output.
    pub(super) fn push(&mut self, node: Node) -> ValueId {
        debug_assert!(node.inputs.iter().all(|input| input.0 <= self.nodes.len()), "inputs come first");
        self.nodes.push(node);
        ValueId(self.nodes.len())
    }

    /// Lets a node's output be rounded to a byte in training, by a range of the plan.
    pub(super) fn set_range(&mut self, value: ValueId, range: usize) {
        self.nodes[value.0 - 1].range = Some(range);
    }

    /// Makes a value the graph's output.
    pub(super) fn end_at(&mut self, value: ValueId) {
        self.output = value;
    }

    /// Returns the nodes with their outputs, in topological order.
    pub fn nodes(&self) -> impl DoubleEndedIterator<Item = (ValueId, &Node)> {
        self.nodes.iter().enumerate().map(|(index, node)| (ValueId(index + 1), node))
    }

    /// Returns the number of values.
    #[must_use]
    pub fn values(&self) -> usize {
        self.nodes.len() + 1
    }

    /// Returns the value that the net computes.
    #[must_use]
    pub fn output(&self) -> ValueId {
        self.output
    }

    /// Returns the shape of a value.
    #[must_use]
    pub fn shape(&self, value: ValueId) -> Shape {
        value.0.checked_sub(1).map_or(self.images, |node| self.nodes[node].shape)
    }

    /// Returns the last node that reads each value, by its output.
    #[must_use]
    pub fn last_readers(&self) -> Vec<Option<ValueId>> {
        let mut readers = vec![None; self.values()];
        for (output, node) in self.nodes() {
            for input in &node.inputs {
                readers[input.index()] = Some(output);
            }
        }
        readers
    }
}
