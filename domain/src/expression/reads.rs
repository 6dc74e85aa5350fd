//! Which inputs an expression names.

use super::{
    Expression,
    input::{Field, MapField},
    syntax::{Kind, Node},
};

impl Expression {
    /// Whether it names one of these inputs anywhere, also where it would not be read.
    pub fn reads(&self, fields: &[Field], maps: &[MapField]) -> bool {
        reads(&self.root, fields, maps)
    }
}

fn reads(node: &Node, fields: &[Field], maps: &[MapField]) -> bool {
    let of = |node: &Node| reads(node, fields, maps);
    match &node.kind {
        Kind::Null | Kind::Bool(_) | Kind::Int(_) | Kind::Double(_) | Kind::Text(_) | Kind::Variable(_) => false,
        Kind::Field(field) | Kind::HasField(field) => fields.contains(field),
        Kind::Input(map) => maps.contains(map),
        Kind::Select { of: inner, .. } | Kind::Not(inner) | Kind::Negate(inner) | Kind::Matches(inner, _) => of(inner),
        Kind::Index(parts) | Kind::Binary(_, parts) | Kind::Each(_, parts) => parts.iter().any(of),
        Kind::Choice(parts) => parts.iter().any(of),
        Kind::List(parts) | Kind::And(parts) | Kind::Or(parts) | Kind::Call(_, parts) => parts.iter().any(of),
        Kind::Map(entries) => entries.iter().flatten().any(of),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inputs_are_found_wherever_they_stand() {
        for (text, expected) in [
            ("request.method == \"DELETE\"", false),
            ("\"x\" in request.headers", true),
            ("request.method == \"GET\" && request.headers[\"x\"] == \"1\"", true),
            ("has(request.headers.x)", true),
            ("request.headers.exists(name, name.startsWith(\"x-\"))", true),
            ("!(\"a\" in consumer.scopes)", true),
            ("has(request.size) ? request.size > 1 : plan.slug == \"free\"", false),
            ("request.query.exists(name, name == \"a\")", false),
        ] {
            let expression = Expression::parse(text).unwrap();
            assert_eq!(
                expression.reads(&[Field::Scopes], &[MapField::Headers]),
                expected,
                "{text}"
            );
        }
    }
}
