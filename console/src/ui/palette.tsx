// Ctrl K: machines, alarms, gateways and actions, found by any words of theirs.
import { signal } from "@preact/signals";
import { useEffect, useRef, useState } from "preact/hooks";
import { bindings } from "../keys.ts";
import { stateWords } from "../logic/rollout.ts";
import { alarmHref, machineHref, rolloutHref } from "../logic/route.ts";
import { search, type Item } from "../logic/search.ts";
import { kWords, levelShown } from "../logic/shown.ts";
import { allViews, devices, openAlarms, rollouts } from "../store.ts";
import { Icon } from "./shapes.tsx";
import { Key } from "./parts.tsx";

export const paletteOpen = signal(false);
const kShownMax = 12;

function items(asked: boolean): Item[] {
  const go = (href: string) => () => (location.hash = href);
  const alarms = openAlarms.value.map((alarm): Item => ({
    id: `alarm-${alarm.id}`,
    group: "Alarm",
    label: `${alarm.asset} ${alarm.name}`,
    detail: `${kWords[levelShown(alarm.level)]}${alarm.fault_name ? `, ${alarm.fault_name}` : ""}`,
    run: go(alarmHref(alarm.id)),
  }));
  const found = allViews.value.map(({ machine, view }): Item => ({
    id: `machine-${machine.site}/${machine.asset}`,
    group: "Machine",
    label: `${machine.asset} ${machine.name}`,
    detail: `${machine.site}, ${kWords[view.shown].toLowerCase()}`,
    run: go(machineHref(machine.site, machine.asset)),
  }));
  return [
    // Unasked, what needs a person comes first; asked, the thing with that name.
    ...(asked ? [...found, ...alarms] : [...alarms, ...found]),
    ...[...(devices.value?.values() ?? [])].map((device): Item => ({
      id: `gateway-${device.device}`,
      group: "Gateway",
      label: device.device,
      detail: `${device.site}, ${device.online ? "online" : "not heard"}`,
      run: go("#/devices"),
    })),
    ...(rollouts.value ?? []).map((one): Item => ({
      id: `rollout-${one.id}`,
      group: "Rollout",
      label: `${one.name} ${one.version}`,
      detail: stateWords(one).toLowerCase(),
      run: go(rolloutHref(one.id)),
    })),
    ...bindings.value
      .filter((one) => one.group !== "Lists" && one.keys !== "Ctrl-K" && one.group !== "Plots")
      .map((one): Item => ({ id: `action-${one.keys}`, group: "Action", label: one.label, detail: one.group, keys: one.keys, run: one.run })),
  ];
}

export function Palette() {
  const box = useRef<HTMLDialogElement>(null);
  const [query, setQuery] = useState("");
  const [at, setAt] = useState(0);
  const open = paletteOpen.value;
  useEffect(() => {
    const dialog = box.current;
    if (open && dialog && !dialog.open) {
      setQuery("");
      setAt(0);
      dialog.showModal();
    } else if (!open && dialog?.open) dialog.close();
  }, [open]);
  const found = open ? search(items(query !== ""), query, kShownMax) : [];
  const chosen = Math.min(at, found.length - 1);

  const choose = (item: Item | undefined) => {
    if (!item) return;
    paletteOpen.value = false;
    box.current?.close(); // first, so that the focus is where the action expects it
    item.run();
  };
  const onKey = (event: KeyboardEvent) => {
    const move = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (move !== 0) {
      event.preventDefault();
      setAt((chosen + move + found.length) % Math.max(1, found.length));
    } else if (event.key === "Enter") {
      event.preventDefault();
      choose(found[chosen]);
    }
  };
  return (
    <dialog
      class="palette"
      ref={box}
      aria-label="Find a machine, alarm, gateway or action"
      onClose={() => (paletteOpen.value = false)}
      onClick={(event) => event.target === box.current && box.current?.close()}
    >
      <div class="palette-field">
        <Icon name="search" size={18} />
        <input
          type="text"
          role="combobox"
          aria-expanded="true"
          aria-controls="palette-list"
          aria-activedescendant={found.length > 0 ? `palette-${chosen}` : undefined}
          aria-label="Find a machine, alarm, gateway or action"
          placeholder="Find a machine, alarm, gateway or action"
          spellcheck={false}
          autocomplete="off"
          value={query}
          onInput={(event) => {
            setQuery(event.currentTarget.value);
            setAt(0);
          }}
          onKeyDown={onKey}
        />
        <Key>Esc</Key>
      </div>
      <ul id="palette-list" role="listbox" aria-label="Found">
        {found.map((item, index) => (
          <li
            key={item.id}
            id={`palette-${index}`}
            role="option"
            aria-selected={index === chosen}
            onPointerMove={() => index !== chosen && setAt(index)}
            onClick={() => choose(item)}
          >
            <span class="palette-group">{item.group}</span>
            <span class="palette-label">{item.label}</span>
            <span class="palette-detail">{item.detail}</span>
            {item.keys && <Key>{item.keys}</Key>}
          </li>
        ))}
      </ul>
      {open && found.length === 0 && <p class="palette-none">Nothing has all of these words.</p>}
    </dialog>
  );
}
