//! What pages show of an OpenAPI document and of the version that it describes; shared by the catalog and the reference.
//!
//! Everything here is untrusted: it comes out of uploads. Texts go through escaping, Markdown through the sanitiser, links
//! through [`external_link`]; sizes are bounded where they are shown.

mod answer;
mod changes;
mod chapters;
mod description;
mod example;
mod external;
mod lifecycle;
mod operations;
mod sample;

pub use answer::{
    example_answer, example_answer_text, example_block, example_body, example_text, given_example, main_response,
    telling,
};
pub(crate) use changes::{ChangeGroups, change_counts, level_in_words};
pub use chapters::{Chapter, Neighbours, chapters, neighbours};
pub use description::description;
pub use example::Pretty;
pub use external::{external_link, is_web_address};
pub use lifecycle::{has_ended, lifecycle_in_words, lifecycle_notice, shown_version, successor};
pub use operations::OperationTable;
pub use sample::{KeyHint, authentication, authentication_in_markdown, base_url, curl, quickstart_operation, samples};
