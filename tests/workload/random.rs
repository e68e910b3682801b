//! Chance that can be had again: everything is drawn from the seed, and from nothing else.

/// SplitMix64.
pub(crate) struct Random(u64);

impl Random {
    /// Numbers of their own for each place that asks: so that what one session draws does not
    /// depend on how far another one is.
    pub(crate) fn of(seed: u64, place: &[u64]) -> Self {
        let mut random = Self(seed);
        for word in place {
            random.0 = random.next() ^ word.wrapping_mul(0xd6e8_feb8_6659_fd93);
        }
        random
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Less than `bound`.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound.max(1)
    }

    /// From `low` to `high`, both included.
    pub(crate) fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.below(high - low + 1)
    }

    pub(crate) fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// A place in something of this length.
    pub(crate) fn index(&mut self, length: usize) -> usize {
        usize::try_from(self.below(length as u64)).unwrap()
    }

    pub(crate) fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.index(of.len())]
    }

    fn shuffle<T>(&mut self, of: &mut [T]) {
        for last in (1..of.len()).rev() {
            of.swap(last, self.index(last + 1));
        }
    }
}

/// Cards, each in the deck as often as it weighs. Nothing waits longer than a deck: so even a short
/// run draws every kind.
pub(crate) struct Deck {
    seed: u64,
    session: u64,
    kind: u64,
    weights: Vec<usize>,
    rounds: u64,
    cards: Vec<usize>,
}

impl Deck {
    pub(crate) fn new(seed: u64, session: u64, kind: u64, weights: Vec<usize>) -> Self {
        Self { seed, session, kind, weights, rounds: 0, cards: Vec::new() }
    }

    /// The next card that may be played now; the others stay where they are.
    pub(crate) fn draw(&mut self, may: impl Fn(usize) -> bool) -> usize {
        if !self.cards.iter().any(|card| may(*card)) {
            self.deal();
        }
        let at = self.cards.iter().rposition(|card| may(*card)).expect("a card that may be played");
        self.cards.remove(at)
    }

    fn deal(&mut self) {
        let all = self.weights.iter().enumerate();
        let mut cards: Vec<usize> =
            all.flat_map(|(card, weight)| std::iter::repeat_n(card, *weight)).collect();
        Random::of(self.seed, &[self.session, self.kind, self.rounds]).shuffle(&mut cards);
        self.rounds += 1;
        // What was left over comes first.
        cards.append(&mut self.cards);
        self.cards = cards;
    }
}

#[test]
fn the_same_seed_draws_the_same() {
    let draw = |seed, place: &[u64]| {
        let mut random = Random::of(seed, place);
        (0..50).map(|_| random.between(3, 1000)).collect::<Vec<_>>()
    };
    assert_eq!(draw(7, &[1, 2]), draw(7, &[1, 2]));
    for (seed, place) in [(8, [1, 2]), (7, [2, 1]), (7, [1, 3])] {
        assert_ne!(draw(7, &[1, 2]), draw(seed, &place));
    }
}

#[test]
fn a_deck_deals_every_card_as_often_as_it_weighs() {
    let mut deck = Deck::new(7, 1, 0, vec![3, 1, 2]);
    let mut drawn: Vec<usize> = (0..6).map(|_| deck.draw(|_| true)).collect();
    drawn.sort_unstable();
    assert_eq!(drawn, [0, 0, 0, 1, 2, 2]);
    assert_eq!(deck.draw(|card| card == 1), 1, "a new round is dealt when the card has run out");
}
