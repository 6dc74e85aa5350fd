//! The whole product over real sockets: each test starts a process's worth of it on free ports, over a data folder or a
//! PostgreSQL database of its own.

#![expect(clippy::unwrap_used, reason = "what the tests share may fail as a test does")]
#![expect(clippy::large_futures, reason = "a test is one future of everything it does")]

mod access_log;
mod browser;
mod command_line;
mod contract;
mod corpus;
mod demo;
mod discovery;
mod documentation;
mod forms;
mod hostile;
mod journey;
mod last_good;
mod mail;
mod manifest;
mod metering;
mod operations;
mod policies;
mod product;
mod purge;
mod rehearse;
mod roles;
mod routes;
mod security;
mod spec;
mod spec_pages;
mod stopping;
mod strangers;
mod tokens;
mod upstream;
mod weight;
