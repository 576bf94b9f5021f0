/// What programs that start others do to the environment.
extension ArraySlice<Word> {
    /// The words of `env NAME=value program` that set something (env(1)).
    var settingsOfEnv: [Word] {
        var isInEnv = false
        var isRemoved = false
        return filter { word in
            // What `-u` takes away is named by the next word.
            if isRemoved {
                isRemoved = false
                return false
            }
            isRemoved = isInEnv && ["-u", "--unset"].contains(word.text)
            let isSetting = word.text.contains("=") && !word.text.hasPrefix("/")
            if word.text.baseName == "env" {
                isInEnv = true
            } else if !isSetting, !word.text.hasPrefix("-") {
                isInEnv = false
            }
            return isInEnv && isSetting
        }
    }

    /// What `env -i`, `env -` and `env -u NAME` take away (env(1)).
    var removalsOfEnv: (names: [String], isAll: Bool) {
        var names: [String] = []
        var isAll = false
        for index in indices where self[index].text.baseName == "env" {
            var next = index + 1
            while next < endIndex, self[next].text.hasPrefix("-") {
                if ["-", "-i", "--ignore-environment"].contains(self[next].text) { isAll = true }
                if self[next].text == "-u", next + 1 < endIndex {
                    next += 1
                    names.append(self[next].text)
                }
                next += 1
            }
        }
        return (names, isAll)
    }

    /// The directories that `envdir`, `s6-envdir` and `chpst -e` read, as written.
    var environmentDirectories: [Word] {
        indices.compactMap { index in
            switch self[index].text.baseName {
            case "envdir", "s6-envdir":
                self[(index + 1)...].first { !$0.text.hasPrefix("-") }
            case "chpst": directoryOfChpst(from: index + 1)
            default: nil
            }
        }
    }

    /// The value of `-e` among the options of chpst(8), which may stand together.
    private func directoryOfChpst(from start: Int) -> Word? {
        var index = start
        while index < endIndex, self[index].text.hasPrefix("-"), self[index].text != "--" {
            let letters = self[index].text.dropFirst()
            let option = letters.firstIndex { "uUbe/nlLmdopfcrtC".contains($0) }
            let rest = option.map { letters[letters.index(after: $0)...] } ?? ""
            if let option, letters[option] == "e" {
                if !rest.isEmpty { return Word(text: String(rest), line: self[index].line) }
                return index + 1 < endIndex ? self[index + 1] : nil
            }
            index += option != nil && rest.isEmpty ? 2 : 1
        }
        return nil
    }
}
