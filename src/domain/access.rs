//! Rights per namespace: who may read and who may write where.

use std::collections::BTreeSet;

use super::identity::Identity;
use super::names::Namespace;

/// Namespaces: all, or some.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Which {
    All,
    Some(BTreeSet<Namespace>),
}

impl Which {
    fn has(&self, namespace: &Namespace) -> bool {
        match self {
            Self::All => true,
            Self::Some(named) => named.contains(namespace),
        }
    }

    fn add(&mut self, namespace: Option<&Namespace>) {
        match (&mut *self, namespace) {
            (Self::Some(named), Some(namespace)) => drop(named.insert(namespace.clone())),
            (_, None) => *self = Self::All,
            (Self::All, Some(_)) => {}
        }
    }
}

/// How far somebody's rights go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reach {
    reads: Which,
    writes: Which,
}

impl Reach {
    /// Every namespace, to read and to write.
    #[must_use]
    pub const fn everything() -> Self {
        Self { reads: Which::All, writes: Which::All }
    }

    /// Nothing.
    #[must_use]
    pub fn nothing() -> Self {
        Self { reads: Which::Some(BTreeSet::new()), writes: Which::Some(BTreeSet::new()) }
    }

    /// Whether what is in a namespace may be seen.
    #[must_use]
    pub fn reads(&self, namespace: &Namespace) -> bool {
        self.reads.has(namespace)
    }

    /// Whether what is in a namespace may be changed.
    #[must_use]
    pub fn writes(&self, namespace: &Namespace) -> bool {
        self.writes.has(namespace)
    }

    /// Whether everything may be seen.
    #[must_use]
    pub fn reads_all(&self) -> bool {
        self.reads == Which::All
    }

    /// Whether everything may be changed.
    #[must_use]
    pub fn writes_all(&self) -> bool {
        self.writes == Which::All
    }
}

/// Who a right is given to.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Who {
    Everybody,
    /// A subject's name, or a group's.
    Named(String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Rule {
    /// `None` is every namespace.
    namespace: Option<Namespace>,
    write: bool,
    who: Vec<Who>,
}

/// Rules that give rights; what none gives, nobody has.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rules(Vec<Rule>);

impl Rules {
    /// Reads lines `namespace|* read|write who…|*` between comments that begin with `#`. To write is to read, too.
    ///
    /// # Errors
    /// What is wrong with the first line that is, by its number.
    pub fn parse(text: &str) -> Result<Self, String> {
        let lines = text.lines().enumerate().map(|(index, line)| (index, line.trim()));
        let lines = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
        let rules = lines.map(|(index, line)| rule(line).map_err(|what| format!("line {}: {what}", index + 1)));
        Ok(Self(rules.collect::<Result<_, _>>()?))
    }

    /// How far somebody's rights go.
    #[must_use]
    pub fn reach(&self, identity: &Identity) -> Reach {
        let mut reach = Reach::nothing();
        for rule in self.0.iter().filter(|rule| rule.is_for(identity)) {
            reach.reads.add(rule.namespace.as_ref());
            if rule.write {
                reach.writes.add(rule.namespace.as_ref());
            }
        }
        reach
    }
}

impl Rule {
    fn is_for(&self, identity: &Identity) -> bool {
        self.who.iter().any(|who| match who {
            Who::Everybody => true,
            Who::Named(name) => identity.actor.as_str() == name || identity.groups.contains(name),
        })
    }
}

fn rule(line: &str) -> Result<Rule, &'static str> {
    let mut words = line.split_whitespace();
    let namespace = match words.next() {
        Some("*") => None,
        Some(name) => Some(Namespace::parse(name).map_err(|_| "the first word is a namespace, or *")?),
        None => return Err("the first word is a namespace, or *"),
    };
    let write = match words.next() {
        Some("read") => false,
        Some("write") => true,
        _ => return Err("the second word is read or write"),
    };
    let named = |word: &str| if word == "*" { Who::Everybody } else { Who::Named(word.to_owned()) };
    let who: Vec<Who> = words.map(named).collect();
    if who.is_empty() {
        return Err("names who may, or * for everybody");
    }
    Ok(Rule { namespace, write, who })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::names::Actor;

    fn somebody(name: &str, groups: &[&str]) -> Identity {
        let groups = groups.iter().map(ToString::to_string).collect();
        Identity { actor: Actor::parse(name).unwrap(), can_write: true, groups }
    }

    fn namespace(name: &str) -> Namespace {
        Namespace::parse(name).unwrap()
    }

    #[test]
    fn rights_add_up_and_what_no_rule_gives_nobody_has() {
        let rules = Rules::parse(
            "# teams\nteam-a write user:default/ada group:default/a\n  team-b read *\n* read group:default/platform\n",
        )
        .unwrap();
        let ada = rules.reach(&somebody("user:default/ada", &[]));
        assert!(ada.writes(&namespace("team-a")) && ada.reads(&namespace("team-a")), "to write is to read");
        assert!(ada.reads(&namespace("team-b")) && !ada.writes(&namespace("team-b")));
        assert!(!ada.reads(&namespace("team-c")) && !ada.reads_all());
        let ben = rules.reach(&somebody("user:default/ben", &["group:default/a"]));
        assert_eq!(ben, ada);
        let eve = rules.reach(&somebody("user:default/eve", &["group:default/platform"]));
        assert!(eve.reads_all() && !eve.writes(&namespace("team-a")) && !eve.writes_all());
        assert_eq!(Rules::default().reach(&somebody("user:default/ada", &[])), Reach::nothing());
    }

    #[test]
    fn a_mistake_is_told_by_line_and_never_by_text() {
        for bad in ["Hunter2 read *", "team-a hunter2 *", "team-a read", "team-a"] {
            let reason = Rules::parse(&format!("# first\n{bad}\n")).unwrap_err();
            assert!(reason.starts_with("line 2: ") && !reason.to_lowercase().contains("hunter2"), "{reason}");
        }
    }
}
