//! Code that sends the sample request of an operation.
//!
//! Every language writes the same [`SampleRequest`]; whatever text a document holds ends up as data in the code, never as code.
//! What only the caller knows is read from environment variables.

mod csharp;
mod curl;
mod go;
mod java;
mod javascript;
mod literal;
mod multipart;
mod outgoing;
mod php;
mod python;
mod rust;
mod shell;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use crate::model::Document;
use crate::operation::Operation;
use crate::sample::{self, SampleContext, SampleRequest};
use outgoing::Outgoing;

/// A language that samples are written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// The command `curl`, for bash and other POSIX shells.
    Curl,
    /// JavaScript with `fetch`: an ES module for Node.js 20 and later.
    JavaScript,
    /// TypeScript with `fetch`, as above.
    TypeScript,
    /// Python 3 with `requests`.
    Python,
    /// Go with `net/http`.
    Go,
    /// Rust with `reqwest` and its features `blocking`, `form` and `multipart`.
    Rust,
    /// Java 17 and later with `java.net.http`.
    Java,
    /// PHP 8 with `curl`.
    Php,
    /// C# 12 (.NET 8) and later with `HttpClient`, as top-level statements.
    CSharp,
}

impl Language {
    /// All of them, in the order they are offered.
    pub const ALL: [Self; 9] = [
        Self::Curl,
        Self::JavaScript,
        Self::TypeScript,
        Self::Python,
        Self::Go,
        Self::Rust,
        Self::Java,
        Self::Php,
        Self::CSharp,
    ];

    /// The name in addresses and options: `curl`, `javascript`, …, `csharp`; highlighters know most of them.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Curl => "curl",
            Self::JavaScript => "javascript",
            Self::TypeScript => "typescript",
            Self::Python => "python",
            Self::Go => "go",
            Self::Rust => "rust",
            Self::Java => "java",
            Self::Php => "php",
            Self::CSharp => "csharp",
        }
    }

    /// The name for people.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Curl => "curl",
            Self::JavaScript => "JavaScript",
            Self::TypeScript => "TypeScript",
            Self::Python => "Python",
            Self::Go => "Go",
            Self::Rust => "Rust",
            Self::Java => "Java",
            Self::Php => "PHP",
            Self::CSharp => "C#",
        }
    }

    /// The usual ending of files: `sh`, `mjs`, `ts`, ….
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Curl => "sh",
            Self::JavaScript => "mjs",
            Self::TypeScript => "ts",
            Self::Python => "py",
            Self::Go => "go",
            Self::Rust => "rs",
            Self::Java => "java",
            Self::Php => "php",
            Self::CSharp => "cs",
        }
    }

    /// The language of this [`Language::name`].
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|language| language.name() == name)
    }
}

/// The code that sends a request and prints what comes back.
///
/// ```
/// use openapi::sample::{SampleOptions, build};
/// use openapi::snippet::{Language, write};
///
/// let text = r#"{"openapi": "3.1.0", "info": {"title": "Pets", "version": "1"}, "paths": {"/pets": {"get": {"operationId": "list"}}}}"#;
/// let document = openapi::read(text.as_bytes(), &openapi::Limits::default())?;
/// let operation = document.operation("list").expect("the index lists it");
/// let request = build(&operation, &SampleOptions::at("https://api.example.com"));
/// assert_eq!(write(Language::Curl, &request), "curl 'https://api.example.com/pets'");
/// # Ok::<(), openapi::Rejected>(())
/// ```
pub fn write(language: Language, request: &SampleRequest) -> String {
    let outgoing = Outgoing::of(request);
    match language {
        Language::Curl => curl::write(&outgoing),
        Language::JavaScript => javascript::write(&outgoing, false),
        Language::TypeScript => javascript::write(&outgoing, true),
        Language::Python => python::write(&outgoing),
        Language::Go => go::write(&outgoing),
        Language::Rust => rust::write(&outgoing),
        Language::Java => java::write(&outgoing),
        Language::Php => php::write(&outgoing),
        Language::CSharp => csharp::write(&outgoing),
    }
}

/// A `curl` command for bash, over several lines, that works as printed.
pub fn curl(doc: &Document, operation: &Operation<'_>, context: &SampleContext<'_>) -> String {
    write(Language::Curl, &sample::request(doc, operation, context))
}
