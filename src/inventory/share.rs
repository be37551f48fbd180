//! One of each of what many assets say alike: a hundred thousand have a few makers and few sorts.

use std::collections::HashSet;
use std::hash::Hash;
use std::sync::Arc;

use crate::inventory::{Facts, Field, Person};

/// What was said so far.
#[derive(Debug, Default)]
pub struct Sharing {
    words: HashSet<Arc<str>>,
    people: HashSet<Arc<Person>>,
    fields: HashSet<Arc<[Field]>>,
}

impl Sharing {
    /// Lets an asset share what another one says as well.
    pub fn share(&mut self, facts: &mut Facts) {
        one_of(&mut self.words, &mut facts.media_type);
        one_of(&mut self.words, &mut facts.upload);
        one_of(&mut self.people, &mut facts.creator);
        one_of(&mut self.fields, &mut facts.fields);
    }
}

fn one_of<T: ?Sized>(known: &mut HashSet<Arc<T>>, said: &mut Option<Arc<T>>)
where
    Arc<T>: Hash + Eq,
{
    let Some(own) = said else {
        return;
    };
    match known.get(own) {
        Some(shared) => *own = Arc::clone(shared),
        None => drop(known.insert(Arc::clone(own))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::asset::Kind;

    #[test]
    fn what_is_said_alike_is_there_once_and_nothing_else_changes() {
        let facts = |name: &str, value: &str| Facts {
            media_type: Some("video/quicktime".into()),
            creator: Some(Arc::new(Person {
                name: Some(name.into()),
                ..Person::default()
            })),
            fields: Some(Arc::from(vec![Field {
                id: "f".into(),
                name: "Status".into(),
                values: vec![value.into()],
                unclear: false,
            }])),
            ..Facts::of_kind(Kind::File)
        };
        let said = [facts("Ada", "x"), facts("Bo", "x"), facts("Ada", "y")];
        let mut shared = said.clone();
        let mut sharing = Sharing::default();
        for facts in &mut shared {
            sharing.share(facts);
        }
        assert_eq!(shared, said);
        let [one, two, three] = &shared;
        let same = |one: &Option<Arc<str>>, two: &Option<Arc<str>>| {
            Arc::ptr_eq(one.as_ref().unwrap(), two.as_ref().unwrap())
        };
        assert!(same(&one.media_type, &two.media_type));
        let makers = [one, three].map(|facts| facts.creator.clone().unwrap());
        assert!(Arc::ptr_eq(&makers[0], &makers[1]));
        let fields = [one, two].map(|facts| facts.fields.clone().unwrap());
        assert!(Arc::ptr_eq(&fields[0], &fields[1]));
    }
}
