//! The engine against whole documents: real ones of every version and size, hostile ones, and damaged ones.

mod corpus;
mod hostile;
mod lifted;
mod mutations;
mod specs;
mod walk;
