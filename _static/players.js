/* Moves the players and quizzes: shows the picture that their controls choose, as soon as it is there. */
(() => {
  const RETRY = 3000; // ms between two tries
  const TRIES = 5;
  const SLOW = 400; // ms that pass for at once
  const WORDS = {
    player: ["Loading the picture …", "The picture did not load.", "Move the control once more to try again."],
    quiz: ["Loading the answer …", "The answer did not load.", "Choose once more to try again."],
  };
  const pause = (time) => new Promise((resolve) => setTimeout(resolve, time));

  const isSlider = (control) => control.type === "range"; // the others are fieldsets of choices
  const count = (control) => isSlider(control) ? Number(control.max) + 1 : control.elements.length;
  const place = (control) => isSlider(control) ? Number(control.value) : [...control.elements].findIndex((one) => one.checked);
  const move = (control, to) => {
    if (isSlider(control)) control.value = to;
    else control.elements[to].checked = true;
  };

  const begin = (player) => {
    const [slow, failed, hint] = WORDS[player.matches(".actlab-quiz") ? "quiz" : "player"];
    const frame = player.querySelector(".actlab-frame");
    const first = frame.innerHTML;
    const controls = [...player.querySelectorAll("input[type=range], fieldset")];
    const sliders = controls.filter(isSlider).map((slider) => [slider, slider.nextElementSibling, JSON.parse(slider.dataset.words)]);
    const said = document.createElement("p");
    said.className = "actlab-said";
    said.setAttribute("role", "status");
    player.append(said);

    // fastest in the last control; less than 0 where nothing is chosen yet
    const chosen = () => controls.reduce((all, control) => place(control) < 0 ? -Infinity : all * count(control) + place(control), 0);
    let shown = chosen();
    let coming = false;
    let again = () => {};
    let halt = () => {};

    const come = async () => {
      let tries = 0;
      const late = setTimeout(() => { said.textContent = slow; }, SLOW);
      player.setAttribute("aria-busy", "true"); // what is seen is not what is chosen
      for (let wanted; (wanted = chosen()) !== shown; ) {
        try {
          const pictures = await loadPictures();
          if (wanted !== chosen()) continue;
          frame.innerHTML = pictures[player.dataset.moving][wanted] ?? first;
          shown = wanted;
          setMath(frame);
        } catch (reason) {
          console.warn(reason);
          clearTimeout(late);
          if (++tries === TRIES) {
            said.textContent = `${failed} ${hint}`;
            halt();
            return;
          }
          said.textContent = `${failed} Trying again …`;
          await Promise.race([pause(RETRY), new Promise((resolve) => { again = resolve; })]);
        }
      }
      clearTimeout(late);
      said.textContent = "";
      player.removeAttribute("aria-busy");
    };
    const show = async () => {
      for (const [slider, readout, words] of sliders) {
        readout.value = words[slider.value];
        slider.setAttribute("aria-valuetext", words[slider.value]);
      }
      again();
      if (coming || chosen() === shown) return;
      coming = true;
      await come();
      coming = false;
    };
    player.addEventListener("input", show);

    const button = player.querySelector(".actlab-play");
    if (!button) return;
    const last = controls.at(-1);
    const end = count(last) - 1;
    let timer;
    const called = (words) => {
      button.classList.toggle("actlab-plays", words === "Pause");
      button.querySelector("span").textContent = words;
    };
    halt = () => {
      clearInterval(timer);
      timer = undefined;
      called("Play");
    };
    const step = () => {
      if (coming) return; // the picture before is still on its way
      move(last, place(last) + 1);
      show();
      if (place(last) === end) halt();
    };
    button.addEventListener("click", () => {
      if (timer) return halt();
      called("Pause");
      timer = setInterval(step, Number(button.dataset.interval));
      if (place(last) < end) return step();
      move(last, 0);
      show();
    });
    last.addEventListener("input", halt);
  };

  document.querySelectorAll("[data-moving]").forEach(begin);
})();
