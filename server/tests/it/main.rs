//! The whole product over real sockets: each test starts a process's worth of it on free ports, over a data folder or a
//! PostgreSQL database of its own.

mod browser;
mod command_line;
mod corpus;
mod demo;
mod forms;
mod journey;
mod manifest;
mod metering;
mod product;
mod security;
mod strangers;
mod upstream;
