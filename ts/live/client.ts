/**
 * The script of a live page: replaces its content with what the server sends, keeps opened parts open, and says when the
 * command has ended or can't be reached.
 */
export const clientScript = `
const source = new EventSource('events');
const say = text => { document.querySelector('[role=status]').textContent = text; };
source.onopen = () => say('Live: follows the training.');
source.onerror = () => say('The command can’t be reached: this is its last state.');
source.onmessage = ({data}) => {
	const main = document.querySelector('main');
	const opened = [...main.querySelectorAll('details')].map(({open}) => open);
	main.innerHTML = JSON.parse(data);
	main.querySelectorAll('details').forEach((details, index) => { details.open = opened[index] ?? false; });
};
source.addEventListener('end', () => { source.close(); say('The command has ended: this is its last state.'); });
`;
