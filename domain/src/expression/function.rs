//! The functions of expressions.

use super::check::Type;

/// A function; what stands before the dot is its first argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Function {
    Size,
    StartsWith,
    EndsWith,
    Contains,
    LowerAscii,
    UpperAscii,
    Int,
    Double,
    Text,
    Timestamp,
    Duration,
    Moment(MomentPart),
}

/// A part of a timestamp (or, for the last four, of a duration). Months, days of the month and of the year count from 0,
/// dates from 1, days of the week from Sunday as 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MomentPart {
    FullYear,
    Month,
    Date,
    DayOfMonth,
    DayOfWeek,
    DayOfYear,
    Hours,
    Minutes,
    Seconds,
    Milliseconds,
}

impl MomentPart {
    /// Whether durations have it too.
    pub(super) fn is_of_duration(self) -> bool {
        matches!(self, Self::Hours | Self::Minutes | Self::Seconds | Self::Milliseconds)
    }
}

impl Function {
    /// The function of a name with so many arguments, if it can be called in this way.
    pub(super) fn named(name: &str, arguments: usize, is_method: bool) -> Option<Self> {
        let function = match (name, arguments, is_method) {
            ("size", 1, _) => Self::Size,
            ("int", 1, false) => Self::Int,
            ("double", 1, false) => Self::Double,
            ("string", 1, false) => Self::Text,
            ("timestamp", 1, false) => Self::Timestamp,
            ("duration", 1, false) => Self::Duration,
            ("startsWith", 2, true) => Self::StartsWith,
            ("endsWith", 2, true) => Self::EndsWith,
            ("contains", 2, true) => Self::Contains,
            ("lowerAscii", 1, true) => Self::LowerAscii,
            ("upperAscii", 1, true) => Self::UpperAscii,
            (_, 1 | 2, true) => Self::Moment(match name {
                "getFullYear" => MomentPart::FullYear,
                "getMonth" => MomentPart::Month,
                "getDate" => MomentPart::Date,
                "getDayOfMonth" => MomentPart::DayOfMonth,
                "getDayOfWeek" => MomentPart::DayOfWeek,
                "getDayOfYear" => MomentPart::DayOfYear,
                "getHours" => MomentPart::Hours,
                "getMinutes" => MomentPart::Minutes,
                "getSeconds" => MomentPart::Seconds,
                "getMilliseconds" => MomentPart::Milliseconds,
                _ => return None,
            }),
            _ => return None,
        };
        Some(function)
    }

    /// What fits as its first argument; the others are text.
    pub(super) fn takes(self, first: &Type) -> bool {
        use Type::{Any, Double, Duration, Int, List, Map, Text, Timestamp};
        match self {
            _ if matches!(first, Any) => true,
            Self::Size => matches!(first, Text | List(_) | Map(_)),
            Self::StartsWith | Self::EndsWith | Self::Contains | Self::LowerAscii | Self::UpperAscii => {
                matches!(first, Text)
            }
            Self::Int => matches!(first, Int | Double | Text | Timestamp),
            Self::Double => matches!(first, Int | Double | Text),
            Self::Text => matches!(first, Int | Double | Text | Type::Bool | Timestamp),
            Self::Timestamp => matches!(first, Text | Timestamp),
            Self::Duration => matches!(first, Text | Duration),
            Self::Moment(part) => matches!(first, Timestamp) || (matches!(first, Duration) && part.is_of_duration()),
        }
    }

    /// Type of the result.
    pub(super) fn gives(self) -> Type {
        match self {
            Self::Size | Self::Int | Self::Moment(_) => Type::Int,
            Self::StartsWith | Self::EndsWith | Self::Contains => Type::Bool,
            Self::LowerAscii | Self::UpperAscii | Self::Text => Type::Text,
            Self::Double => Type::Double,
            Self::Timestamp => Type::Timestamp,
            Self::Duration => Type::Duration,
        }
    }

    /// What fits, in words.
    pub(super) fn wants(self) -> &'static str {
        match self {
            Self::Size => "string, list or map",
            Self::Int => "int, double, string or timestamp",
            Self::Double => "int, double or string",
            Self::Text => "int, double, string, bool or timestamp",
            Self::Duration => "string or duration",
            Self::Timestamp => "string or timestamp",
            Self::Moment(part) if part.is_of_duration() => "timestamp or duration",
            Self::Moment(_) => "timestamp",
            _ => "string",
        }
    }
}
