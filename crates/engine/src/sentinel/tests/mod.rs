//! What is read of sentinel files, and what is wrong with them.

mod contents;
mod corpus;
mod folder;
