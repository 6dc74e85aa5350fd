//! Where in a document something is, without a copy of the path until somebody asks for it.

/// One step from a value to a part of it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Step<'p> {
    /// To a member of an object.
    Key(&'p str),
    /// To an item of a list.
    Index(usize),
}

impl Step<'_> {
    pub(super) fn text(self) -> String {
        match self {
            Self::Key(key) => key.to_owned(),
            Self::Index(index) => index.to_string(),
        }
    }
}

/// A place in the document as it was uploaded; it lives on the stack of whoever walks there.
#[derive(Clone, Copy, Debug)]
pub(super) enum Place<'p> {
    /// A path that is written out.
    At(&'p [String]),
    /// One step below another place.
    Below(&'p Place<'p>, Step<'p>),
}

impl<'p> Place<'p> {
    /// The document itself.
    pub(super) const ROOT: Place<'static> = Place::At(&[]);

    pub(super) fn key(&'p self, key: &'p str) -> Self {
        Self::Below(self, Step::Key(key))
    }

    pub(super) fn index(&'p self, index: usize) -> Self {
        Self::Below(self, Step::Index(index))
    }

    /// The path, from the root.
    pub(super) fn path(&self) -> Vec<String> {
        let mut steps = Vec::new();
        let mut place = *self;
        loop {
            match place {
                Place::At(base) => {
                    let mut path = base.to_vec();
                    path.extend(steps.iter().rev().map(|step: &Step<'_>| step.text()));
                    return path;
                }
                Place::Below(above, step) => {
                    steps.push(step);
                    place = *above;
                }
            }
        }
    }
}
