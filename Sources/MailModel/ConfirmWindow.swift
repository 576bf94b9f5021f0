/// A moment by all the clocks that a deadline is kept by.
package struct Moment: Hashable, Sendable {
    package var wall: Timestamp
    /// By the clock that nobody can set (CLOCK_BOOTTIME).
    package var sinceBoot: Duration
    /// The number that the kernel makes anew at every start; `nil` when it cannot be read.
    package var bootID: String?

    package init(wall: Timestamp, sinceBoot: Duration, bootID: String?) {
        self.wall = wall
        self.sinceBoot = sinceBoot
        self.bootID = bootID
    }
}

/// The time in which a person must confirm a change. It ends on time whatever becomes of the run, the host
/// or its clock.
package struct ConfirmWindow: Hashable, Sendable {
    /// What it was opened or moved with.
    package var length: Duration
    /// When it ends, had nothing happened to the host or its clock.
    package var deadline: Moment

    package init(length: Duration, deadline: Moment) {
        self.length = length
        self.deadline = deadline
    }

    package init(length: Duration, from moment: Moment) {
        self.length = length
        deadline = Moment(
            wall: moment.wall.advanced(bySeconds: length.components.seconds),
            sinceBoot: moment.sinceBoot + length, bootID: moment.bootID)
    }

    /// How much of it is left; zero or less once it has ended.
    ///
    /// Within one boot only the clock that nobody can set counts. After a reboot it is the wall clock; one that
    /// was set back cannot make more of the window than it was opened with. (How long ago the boot was says
    /// nothing here: a container has the clock of the machine that it is on.)
    package func remaining(at moment: Moment) -> Duration {
        if let boot = deadline.bootID, boot == moment.bootID {
            return deadline.sinceBoot - moment.sinceBoot
        }
        return min(.microseconds(deadline.wall.microseconds - moment.wall.microseconds), length)
    }

    /// The same window, kept by the clocks of this boot from now on.
    package func carriedOver(to moment: Moment) -> ConfirmWindow {
        var window = ConfirmWindow(length: remaining(at: moment), from: moment)
        window.length = length
        return window
    }
}

extension Duration {
    /// Reads `600s`, `10m`, `2h`, as systemd.time(7) writes single units.
    /// - Returns: `nil` for everything else, for zero, and for more than a week.
    package init?(window text: String) {
        let factors: [Character: Int64] = ["s": 1, "m": 60, "h": 3600]
        guard let unit = text.last, let factor = factors[unit], text.utf8.count <= 7,
            text.dropLast().utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let number = Int64(text.dropLast()), number > 0, number * factor <= 7 * 86_400
        else { return nil }
        self = .seconds(number * factor)
    }
}
