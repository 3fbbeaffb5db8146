// The controls' words and numbers in the three languages.

const WORDS = {
  en: {
    fullScreen: "Full screen", leaveFullScreen: "Leave full screen", measure: "Measure length and area",
    swipe: "Divider between left and right", start: "Click to add points; double-click or Enter ends, Esc clears.",
    length: "Length", area: "Area", metre: "m", kilometre: "km", squareMetre: "m²", hectare: "ha", squareKilometre: "km²",
  },
  zh: {
    fullScreen: "全屏", leaveFullScreen: "退出全屏", measure: "测量长度和面积",
    swipe: "左右卷帘分隔线", start: "单击添加点；双击或回车结束，Esc 清除。",
    length: "长度", area: "面积", metre: "米", kilometre: "公里", squareMetre: "平方米", hectare: "公顷", squareKilometre: "平方公里",
  },
  ru: {
    fullScreen: "Во весь экран", leaveFullScreen: "Выйти из полноэкранного режима", measure: "Измерить длину и площадь",
    swipe: "Разделитель левой и правой карты", start: "Щелчок добавляет точку; двойной щелчок или Enter завершает, Esc очищает.",
    length: "Длина", area: "Площадь", metre: "м", kilometre: "км", squareMetre: "м²", hectare: "га", squareKilometre: "км²",
  },
};

const wordsOf = (language) => WORDS[language] ?? WORDS.en;

const NARROW_SPACE = "\u202f";

function formatNumber(value, decimals, language) {
  const [whole, fraction] = value.toFixed(decimals).split(".");
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, NARROW_SPACE);
  return fraction === undefined ? grouped : grouped + (language === "ru" ? "," : ".") + fraction;
}

function formatLength(metres, language) {
  const words = wordsOf(language);
  return metres < 1000
    ? formatNumber(metres, 0, language) + NARROW_SPACE + words.metre
    : formatNumber(metres / 1000, 2, language) + NARROW_SPACE + words.kilometre;
}

// Square metres below 0.1 ha, hectares up to 10 000 ha, then square kilometres.
function formatArea(squareMetres, language) {
  const words = wordsOf(language);
  if (squareMetres < 1e3) return formatNumber(squareMetres, 0, language) + NARROW_SPACE + words.squareMetre;
  if (squareMetres <= 1e8) return formatNumber(squareMetres / 1e4, 1, language) + NARROW_SPACE + words.hectare;
  return formatNumber(squareMetres / 1e6, 1, language) + NARROW_SPACE + words.squareKilometre;
}
