//! The binary `turnpike`: portal, console, gateway and background tasks in one process, and the commands around them.
//!
//! Start reading at [`boot`], which says in which order a process starts and stops. [`web`] is the portal's HTTP,
//! [`auth`] finds out who is asking, [`tasks`] runs beside the listeners, [`cli`] has a module for each command.
//!
//! # Invariants
//!
//! - Only [`config`] reads the environment.
//! - Commands translate; every rule is in `domain`.
//! - A failure at start is one line on standard error and exit code 1.

pub mod access_log;
pub mod assets;
pub mod auth;
pub mod boot;
pub mod cli;
pub mod config;
pub mod demo;
pub mod operations;
pub mod snapshot_file;
pub mod tasks;
pub mod telemetry;
pub mod temporary;
pub mod web;
