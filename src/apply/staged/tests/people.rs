//! What people do in between.

use super::world::{Act, World};

impl World {
    pub(super) fn act(&mut self, act: Act) {
        let staging = self.staging();
        match act {
            Act::TakeOut(one) if self.is_alive(one) && self.is_staged(one) => self.take_out(one),
            Act::DragIn(one) => {
                self.theirs.extend(staging);
                self.drag_in(one, staging);
            }
            Act::Rename(one) if self.is_alive(one) && self.is_staged(one) => {
                self.nodes.get_mut(&one).unwrap().name.push('x');
            }
            Act::Mark(one) if self.is_alive(one) => drop(self.marked.insert(one)),
            Act::Delete(one) if self.is_alive(one) => self.die(one, false),
            Act::PutIn => {
                if let Some(staging) = staging {
                    self.theirs.insert(staging);
                    self.nodes.get_mut(&90).unwrap().parent = staging;
                }
            }
            Act::Grow if self.is_alive(10) => {
                self.nodes.get_mut(&90).unwrap().parent = 10;
            }
            Act::TakeOut(_) | Act::Rename(_) | Act::Mark(_) | Act::Delete(_) | Act::Grow => {}
        }
    }

    pub(super) fn die(&mut self, top: u8, is_ours: bool) {
        for one in self.inside(top).into_iter().chain([top]) {
            self.nodes.get_mut(&one).unwrap().alive = false;
            if is_ours {
                self.killed.insert(one);
            }
        }
    }
}
